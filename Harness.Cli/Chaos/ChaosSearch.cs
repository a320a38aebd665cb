using System.Collections.Concurrent;

namespace Harness.Chaos;

/// <summary>Runs plans on several systems beside each other.</summary>
public sealed class ChaosSearch(ChaosOptions options) : IAsyncDisposable
{
    // A system that has seen so many runs makes way for a fresh one, and all it has gathered goes.
    private const int RunsOfSystem = 200;

    private readonly ConcurrentBag<(ChaosSystem System, int Runs)> _free = [];
    private readonly ConcurrentBag<ChaosSystem> _kept = [];

    /// <summary>Runs plans until they, or the cancellation, end; each verdict is told as it is known, one at a time.</summary>
    /// <param name="plans">The plans.</param>
    /// <param name="tell">Told each verdict; false: enough.</param>
    /// <param name="cancellation">Ends it; runs under way are dropped.</param>
    public async Task RunAsync(IEnumerable<ChaosPlan> plans, Func<ChaosVerdict, bool> tell, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var one = new Lock();
        try
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Systems, CancellationToken = enough.Token };
            await Parallel.ForEachAsync(plans, parallel, async (plan, stop) =>
            {
                var verdict = await RunAsync(plan, stop);
                lock (one)
                    if (!enough.IsCancellationRequested && !tell(verdict))
                        enough.Cancel();
            });
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // Enough, or interrupted: what was told stands.
        }
    }

    /// <summary>Runs one plan.</summary>
    public async Task<ChaosVerdict> RunAsync(ChaosPlan plan, CancellationToken cancellation)
    {
        var (system, runs) = _free.TryTake(out var free) ? free : (await ChaosSystem.StartAsync(options, cancellation), 0);
        try
        {
            var verdict = await ChaosRunner.RunAsync(system, options.Scenario, plan, options.Clock, cancellation);
            var isKept = options.Keep && !verdict.Passed;
            if (isKept)
                verdict = verdict with { Timeline = [.. verdict.Timeline, .. system.KeepDatabases().Select(database => $"            kept: {database}")] };
            if (!verdict.IsSystemLost && runs + 1 < RunsOfSystem)
                _free.Add((system, runs + 1));
            else if (isKept)
                _kept.Add(system);
            else
                await system.DisposeAsync();
            return verdict;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_free.TryTake(out var free))
            await free.System.DisposeAsync();
        while (_kept.TryTake(out var kept))
            await kept.DisposeAsync();
    }
}
