namespace Harness.Chaos;

/// <summary>
/// One run of a scenario. The members are called in the order in which they are listed here. A <see cref="TimeoutException"/>,
/// <see cref="HttpRequestException"/> or <see cref="InvalidOperationException"/> from any of them means that the system did not recover, which
/// fails the run.
/// </summary>
public interface IChaosRun : IDisposable
{
    /// <summary>Creates the data of the run, while nothing is wrong.</summary>
    Task PrepareAsync(CancellationToken cancellation);

    /// <summary>Puts the load on the system, while faults come and go; the faults end when it returns.</summary>
    Task RunLoadAsync(CancellationToken cancellation);

    /// <summary>Finishes what the load left unfinished. Every fault is over and every workload answers.</summary>
    /// <returns>Why it could not be finished; null: it is.</returns>
    Task<string?> SettleAsync(CancellationToken cancellation);

    /// <summary>Compares the data of the system with what the load must have led to.</summary>
    /// <returns>The differences; none: the run passed.</returns>
    Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation);
}
