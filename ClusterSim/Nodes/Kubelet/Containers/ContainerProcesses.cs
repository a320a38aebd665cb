namespace ClusterSim.Nodes.Containers;

/// <summary>
/// The processes that see each other, as <c>ps</c> and <c>kill</c> do: a container instance's, with those of the ephemeral containers that target it;
/// or a whole pod's, where it says so.
/// </summary>
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
    /// <param name="user">The user it runs as.</param>
    /// <param name="signal">Delivers a signal by its number.</param>
    public ContainerProcess Start(string commandLine, long user, Action<int> signal)
    {
        lock (_lock)
            return _running[_last + 1] = new ContainerProcess(++_last, commandLine, user, signal);
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
/// <param name="User">The user it runs as.</param>
/// <param name="Signal">Delivers a signal by its number.</param>
internal sealed record ContainerProcess(int Id, string CommandLine, long User, Action<int> Signal);
