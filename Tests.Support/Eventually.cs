using System.Diagnostics;

namespace Tests.Support;

/// <summary>Waits for a condition, with a limit. The failure message has the last state seen.</summary>
public static class Eventually
{
    // What is nearly there is seen soon; what takes long costs little.
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(25);

    /// <summary>The limit where a test sets none. A loaded machine needs a fraction of it.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a condition is true.</summary>
    public static Task ThatAsync(Func<bool> condition, string what, TimeSpan? limit = null, CancellationToken cancellation = default) =>
        ThatAsync(() => Task.FromResult(condition()), what, limit, cancellation);

    /// <summary>Waits until a condition is true.</summary>
    public static Task ThatAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null, CancellationToken cancellation = default) =>
        HoldsAsync(condition, static isTrue => isTrue, what, limit, cancellation);

    /// <summary>Calls <paramref name="ask"/> until <paramref name="holds"/> accepts its result, and returns that result.</summary>
    /// <exception cref="AssertionException">The limit is over. The message has the last result.</exception>
    public static async Task<T> HoldsAsync<T>(Func<Task<T>> ask, Func<T, bool> holds, string what, TimeSpan? limit = null, CancellationToken cancellation = default)
    {
        var began = Stopwatch.GetTimestamp();
        for (var pause = PauseMin; ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            var state = await ask();
            if (holds(state))
                return state;
            if (Stopwatch.GetElapsedTime(began) > (limit ?? Limit))
                throw new AssertionException($"not within {limit ?? Limit}: {what}. Last seen: {state}");
            await Task.Delay(pause, TimeProvider.System, cancellation);
        }
    }
}
