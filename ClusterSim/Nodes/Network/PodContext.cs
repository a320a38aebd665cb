namespace ClusterSim.Network;

/// <summary>
/// In which pod code runs. It flows with the pod's own asynchronous calls and with nothing else (pods start outside their caller's
/// execution context), so that the network's watchdog can tell whose connection went past the wire.
/// </summary>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="Pod">The pod's name.</param>
/// <param name="Uid">The pod's uid.</param>
/// <param name="Container">The container whose process this is.</param>
/// <param name="Node">The node it runs on.</param>
internal sealed record PodContext(string Namespace, string Pod, string Uid, string Container, string Node)
{
    private static readonly AsyncLocal<PodContext?> Ambient = new();

    /// <summary>The pod this code runs in; null outside of pods.</summary>
    public static PodContext? Current => Ambient.Value;

    /// <summary>Puts the current flow into a pod. Called once, where its process starts.</summary>
    public void Enter() => Ambient.Value = this;
}
