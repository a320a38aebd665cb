using System.Diagnostics;

namespace Tests.Unit.ServiceDefaults;

/// <summary>Waits for a condition, with a limit.</summary>
internal static class Eventually
{
    public static async Task ThatAsync(Func<Task<bool>> condition, string what, int seconds = 20)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(seconds))
                Assert.Fail($"not within {seconds} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
