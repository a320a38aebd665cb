namespace ClusterSim.Nodes.Containers;

/// <summary>The processes of one container instance, as <c>ps</c> and <c>kill</c> inside it see them.</summary>
internal sealed class ContainerProcesses
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, ContainerProcess> _running = [];
    private int _last;

    /// <summary>What runs now, the oldest first.</summary>
    public IReadOnlyList<ContainerProcess> Running
    {
        get
        {
            lock (_lock)
                return [.. _running.Values];
        }
    }

    /// <summary>A process starts: the first one is 1.</summary>
    /// <param name="commandLine">Its program and arguments.</param>
    /// <param name="signal">Delivers a signal by its number.</param>
    public ContainerProcess Start(string commandLine, Action<int> signal)
    {
        lock (_lock)
            return _running[_last + 1] = new ContainerProcess(++_last, commandLine, signal);
    }

    /// <summary>It ended.</summary>
    public void End(ContainerProcess process)
    {
        lock (_lock)
            _running.Remove(process.Id);
    }

    /// <summary>A running process; null where there is none of that id.</summary>
    public ContainerProcess? Find(int id)
    {
        lock (_lock)
            return _running.GetValueOrDefault(id);
    }
}

/// <summary>One process of a container.</summary>
/// <param name="Id">Its id.</param>
/// <param name="CommandLine">Its program and arguments.</param>
/// <param name="Signal">Delivers a signal by its number.</param>
internal sealed record ContainerProcess(int Id, string CommandLine, Action<int> Signal);
