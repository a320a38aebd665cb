using ClusterSim.Storage;

namespace ClusterSim.Streaming;

/// <summary>What the API server asks of a node's kubelet, for the subresources that stream.</summary>
internal interface IKubelet
{
    /// <summary>The node's name.</summary>
    string NodeName { get; }

    /// <summary>Writes a container's log to <paramref name="output"/>; follows it where asked.</summary>
    /// <exception cref="KubernetesApiException">400 in the kubelet's words: no such container, container not started, previous not found…</exception>
    Task WriteLogAsync(Document pod, string container, LogOptions options, Stream output, CancellationToken cancellation);

    /// <summary>Runs a command in a running container.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="KubernetesApiException">The container is not running or lacks the program, in the runtime's words.</exception>
    Task<int> ExecAsync(Document pod, string container, IReadOnlyList<string> command, ContainerStreams streams, CancellationToken cancellation);

    /// <summary>Attaches to a running container's main process until it ends; returns its exit code.</summary>
    Task<int> AttachAsync(Document pod, string container, ContainerStreams streams, CancellationToken cancellation);

    /// <summary>Connects to a port of the pod from inside its own network, as port-forward and proxy do: no policy stands between.</summary>
    ValueTask<Stream> DialAsync(Document pod, int port, CancellationToken cancellation);
}

/// <summary><c>PodLogOptions</c> of core/v1.</summary>
internal sealed record LogOptions
{
    /// <summary>Go on as it grows.</summary>
    public bool Follow { get; init; }

    /// <summary>The log of the instance before the last restart.</summary>
    public bool Previous { get; init; }

    /// <summary>Only the last lines; null for all.</summary>
    public long? TailLines { get; init; }

    /// <summary>Only what is younger; null for all.</summary>
    public long? SinceSeconds { get; init; }

    /// <summary>Only what came after; null for all.</summary>
    public DateTimeOffset? SinceTime { get; init; }

    /// <summary>Each line after its RFC 3339 time.</summary>
    public bool Timestamps { get; init; }

    /// <summary>At most so many bytes; null for all.</summary>
    public long? LimitBytes { get; init; }
}

/// <summary>The streams of a process somebody is attached to.</summary>
/// <param name="Input">Standard input; null: none.</param>
/// <param name="Output">Standard output; null: thrown away.</param>
/// <param name="Error">Standard error; null: thrown away, or mixed into the output of a terminal.</param>
/// <param name="IsTerminal">Whether it is a terminal.</param>
/// <param name="Sizes">The terminal's size as it changes; null: nobody says.</param>
internal sealed record ContainerStreams(Stream? Input, Stream? Output, Stream? Error, bool IsTerminal, IAsyncEnumerable<TerminalSize>? Sizes = null);

/// <summary>The kubelets by node.</summary>
internal interface IKubelets
{
    /// <summary>The node's kubelet; null where the node is unknown or stopped.</summary>
    IKubelet? Find(string nodeName);
}
