using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Processes;

namespace ClusterSim.Nodes.Images;

/// <summary>What a container image says of itself, as far as the simulator acts on it: the OCI image configuration.</summary>
public sealed record ImageConfiguration
{
    /// <summary>The Dockerfile's USER: empty, a number, <c>uid:gid</c>, or a name. Decides what <c>runAsNonRoot</c> says.</summary>
    public string User { get; init; } = "";

    /// <summary>ENTRYPOINT.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>CMD.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>ENV.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>EXPOSE: ports for TCP.</summary>
    public IReadOnlyList<int> ExposedPorts { get; init; } = [];

    /// <summary>WORKDIR.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>STOPSIGNAL; informational.</summary>
    public string StopSignal { get; init; } = "SIGTERM";
}

/// <summary>An image a simulated node can run: a configuration and the programs in it.</summary>
public abstract class Image
{
    /// <summary>What the image says of itself.</summary>
    public abstract ImageConfiguration Configuration { get; }

    /// <summary>A digest that changes whenever the content does, as <c>sha256:…</c>; becomes the container's imageID.</summary>
    public abstract string Digest { get; }

    /// <summary>
    /// Whether this image has a program of that name (<c>sh</c>, <c>/bin/sh</c>, <c>pg_isready</c>…, or its entry point). What it lacks,
    /// exec and <c>command</c> cannot run: <c>exec: "sh": executable file not found in $PATH</c>.
    /// </summary>
    public abstract bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program);

    /// <summary>
    /// Whether its programs wait only on what they are given, so that their idleness can be told and a manual clock advance.
    /// Programs with threads and timers of their own (an ASP.NET Core host) do not.
    /// </summary>
    internal virtual bool IsTracked => false;

    /// <summary>Whether all words of ENTRYPOINT together name one program (<c>dotnet App.dll</c>), none of them an argument.</summary>
    internal virtual bool EntrypointIsOneProgram => false;

    /// <summary>Whether it only stands for an image nobody has: its probes are passed by whoever listens, as what they would ask is not there.</summary>
    internal virtual bool IsStub => false;

    /// <summary>What it runs whatever the command is, made for a container of a pod; null where the command is run.</summary>
    /// <param name="container">The container in the pod's spec.</param>
    /// <param name="ends">Whether it is one that has to end before its pod goes on.</param>
    internal virtual ProgramMain? MainOf(JsonElement container, bool ends) => null;

    /// <summary>How big it is said to be when pulled, in bytes; 0 where unknown.</summary>
    internal virtual long SizeBytes => 0;

    /// <summary>The folder of this machine that the container has, read-only, at its working directory; null for none.</summary>
    internal virtual string? ContentFolder => null;
}
