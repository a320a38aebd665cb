using ClusterSim.Manifests;

namespace Harness.Chaos;

/// <summary>
/// A scenario of <c>harness chaos</c>: the load on a system while faults come and go, and the check of its data afterwards. harness.yaml names
/// the type (<c>chaos.scenario</c>). It is public and has a constructor without parameters. One instance serves all runs, many at a time.
/// </summary>
public interface IChaosScenario
{
    /// <summary>The workloads that generated faults hit and that have to answer before and after each run.</summary>
    IReadOnlyList<ChaosWorkload> Workloads { get; }

    /// <summary>The connections that generated faults hit.</summary>
    IReadOnlyList<ChaosRoute> Routes { get; }

    /// <summary>The fields of a schedule file that describe the load, such as <c>orders</c>; <c>seed</c> and <c>faults</c> are reserved.</summary>
    IReadOnlyList<string> LoadFields { get; }

    /// <summary>Generates the load of a seed. The same seed gives the same load on every machine.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="random">The seeded sequence of the run; the faults are drawn from it afterwards.</param>
    ChaosLoad GenerateLoad(int seed, Random random);

    /// <summary>Reads the load from a schedule file, as <see cref="ChaosLoad.ToYaml"/> writes it.</summary>
    /// <param name="seed">The seed that the file names, or 1.</param>
    /// <param name="fields">The file's fields.</param>
    /// <exception cref="FormatException">A field is wrong; the message names it, the value found and the value expected.</exception>
    ChaosLoad ReadLoad(int seed, ScheduleFields fields);

    /// <summary>Changes a manifest before it is applied. Shorter time-outs than in production make a run take about a second.</summary>
    /// <param name="manifest">An object of the kustomization; its content may be changed in place.</param>
    void Configure(Manifest manifest)
    {
    }

    /// <summary>Returns SQL to execute in a database that was cloned for a run; null: none.</summary>
    /// <param name="database">The name that pods use for the database (POSTGRES_DB).</param>
    /// <param name="run">The number of the run on this system, from 1.</param>
    string? RenewalSql(string database, long run) => null;

    /// <summary>Creates a run; it has not started.</summary>
    IChaosRun CreateRun(ChaosRunContext context);
}
