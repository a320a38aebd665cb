namespace Tests.Contract.Provider;

/// <summary>A service that runs, in this process or in a container, until it is disposed.</summary>
internal interface IStartedService : IAsyncDisposable
{
    /// <summary>Where it listens.</summary>
    Uri Url { get; }
}
