using System.Diagnostics;

namespace Tests.Cluster.Clusters;

/// <summary>Waits for a condition, with a limit; the failure tells the last state seen.</summary>
public static class Eventually
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    /// <summary>The limit where a test names none; a loaded machine needs a fraction of it.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Asks until <paramref name="holds"/>; fails with what <paramref name="ask"/> gave last.</summary>
    public static async Task<T> HoldsAsync<T>(Func<Task<T>> ask, Func<T, bool> holds, string what, TimeSpan? limit = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var state = await ask();
            if (holds(state))
                return state;
            if (Stopwatch.GetElapsedTime(began) > (limit ?? Limit))
                throw new AssertionException($"not within {limit ?? Limit}: {what}. Last seen: {state}");
            await Task.Delay(Poll, TimeProvider.System);
        }
    }
}
