namespace ClusterSim.Nodes.Runtime;

/// <summary>A container cannot be started now. Its status shows why (<c>state.waiting</c>), and the start is tried again.</summary>
/// <param name="reason"><c>state.waiting.reason</c>: <c>ErrImagePull</c>, <c>CreateContainerConfigError</c> and others.</param>
/// <param name="message"><c>state.waiting.message</c>.</param>
/// <param name="error">What the event shows; null: the message.</param>
internal sealed class ContainerStartException(string reason, string message, string? error = null) : Exception(message)
{
    /// <summary><c>state.waiting.reason</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>What the event shows.</summary>
    public string Error { get; } = error ?? message;
}
