namespace Testcontainers.K3s;

/// <summary>The package's builder, by its signatures: it needs a Docker engine and the package itself, and says so.</summary>
public sealed class K3sBuilder
{
    /// <summary>The port of the Kubernetes API in the container.</summary>
    public const ushort KubeSecurePort = 6443;

    /// <summary>Always refuses.</summary>
    /// <param name="image">The image of K3s.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public K3sBuilder(string image) => throw StandIn.Lacks("K3sBuilder");

    /// <summary>Publishes a port of the container on one of the machine.</summary>
    public K3sBuilder WithPortBinding(int port, bool assignRandomHostPort = false) => throw StandIn.Lacks();

    /// <summary>Changes what the engine is asked for.</summary>
    public K3sBuilder WithCreateParameterModifier(Action<CreateContainerParameters> parameterModifier) => throw StandIn.Lacks();

    /// <summary>The container, not started.</summary>
    public K3sContainer Build() => throw StandIn.Lacks();
}

/// <summary>What an engine is asked for.</summary>
public sealed class CreateContainerParameters
{
    /// <summary>The command that is run.</summary>
    public IList<string> Cmd { get; set; } = [];
}
