using System.Data.Common;
using ClusterSim.Postgres;
using Harness.Kube;

namespace Harness.Chaos;

/// <summary>
/// Runs one plan:
/// 1. gives the system fresh databases and waits until every pod answers;
/// 2. prepares the scenario's data;
/// 3. puts the load on the system while faults come and go;
/// 4. ends every fault and waits until every pod answers;
/// 5. lets the scenario finish what is left and check the result.
/// </summary>
internal sealed class ChaosRunner
{
    private readonly ChaosSystem _system;
    private readonly IChaosScenario _scenario;
    private readonly ChaosPlan _plan;
    private readonly TimeProvider _clock;
    private readonly ChaosTimeline _timeline;
    private string _step = "";

    private ChaosRunner(ChaosSystem system, IChaosScenario scenario, ChaosPlan plan, TimeProvider clock)
    {
        (_system, _scenario, _plan, _clock) = (system, scenario, plan, clock);
        _timeline = new ChaosTimeline(clock);
    }

    /// <summary>Runs a plan on a system.</summary>
    public static async Task<ChaosVerdict> RunAsync(ChaosSystem system, IChaosScenario scenario, ChaosPlan plan, TimeProvider clock, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        var runner = new ChaosRunner(system, scenario, plan, clock);
        IReadOnlyList<string> failures;
        var isSystemLost = false;
        system.Cluster.Faults.Told = runner._timeline.Record;
        try
        {
            failures = await runner.RunAsync(cancellation);
        }
        catch (Exception ex) when (ex is TimeoutException or HttpRequestException or InvalidOperationException or DbException or PostgresServerException or KubeException)
        {
            // A system that does not recover is a finding, too.
            isSystemLost = true;
            failures = [$"the system did not come back, while {runner._step}: {ex.Message}"];
        }
        finally
        {
            system.Cluster.Faults.Told = null;
        }
        foreach (var failure in failures)
            runner._timeline.Record($"check failed: {failure}");
        return new ChaosVerdict(plan, failures, runner._timeline.Lines, clock.GetElapsedTime(began)) { IsSystemLost = isSystemLost };
    }

    private async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellation)
    {
        _step = "it was given fresh databases";
        var number = await _system.RenewAsync(cancellation);
        _timeline.Record("fresh databases, every pod answers");
        using var run = _scenario.CreateRun(new ChaosRunContext
        {
            System = _system,
            Load = _plan.Load,
            Faults = _plan.Faults,
            Seed = _plan.Seed,
            Run = number,
            Clock = _clock,
            Record = _timeline.Record,
        });
        _step = "the load was prepared";
        await run.PrepareAsync(cancellation);
        _step = "faults came and went";
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = run.RunLoadAsync(cancellation);
        var faults = _system.Cluster.Faults.RunAsync(_plan.Faults, _clock, _timeline.Record, _system.Servers, over.Token);
        try
        {
            await load;
        }
        finally
        {
            // A fault that begins after the load has no effect.
            await over.CancelAsync();
            await faults;
        }
        cancellation.ThrowIfCancellationRequested();
        _timeline.Record("healed");
        _step = "every pod had to answer again";
        await _system.WholeAsync(cancellation);
        _step = "the load was settled";
        if (await run.SettleAsync(cancellation) is { } unsettled)
            return [unsettled];
        _step = "the results were checked";
        return await run.CheckAsync(cancellation);
    }
}
