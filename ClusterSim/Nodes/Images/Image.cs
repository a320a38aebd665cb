using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ClusterSim.Network;
using Processes;

namespace ClusterSim.Nodes.Images;

/// <summary>
/// An image that a simulated node can run: a configuration and programs. <see cref="ServiceImage"/> is an image of one function and
/// <see cref="FolderImage"/> one of a publish folder; derive from this class to implement any other.
/// </summary>
/// <example>
/// <code>
/// sealed class EchoImage : Image
/// {
///     public override ImageConfiguration Configuration { get; } = new() { Entrypoint = ["echo-server"], ExposedPorts = [7] };
///
///     public override string Digest => "sha256:...";
///
///     public override bool TryFindProgram(string name, out ProgramMain? program) =>
///         (program = name == "echo-server" ? ServeAsync : null) is not null;
///
///     private static async Task&lt;int&gt; ServeAsync(ServiceProcess process) { ... }
/// }
///
/// cluster.Images.Add("example.com/echo:1", new EchoImage());
/// </code>
/// </example>
public abstract class Image
{
    /// <summary>The configuration.</summary>
    public abstract ImageConfiguration Configuration { get; }

    /// <summary>A digest that changes whenever the content does, as <c>sha256:…</c>. It becomes the imageID of containers.</summary>
    public abstract string Digest { get; }

    /// <summary>
    /// Whether the programs wait only on what they are given (clock, network, streams), so that a <c>ManualClock</c> can advance. Programs with threads
    /// and timers of their own, such as an ASP.NET Core host, do not.
    /// </summary>
    public virtual bool KeepsToItsClock { get; init; }

    /// <summary>The size that the Pulled event names, in bytes.</summary>
    public virtual long SizeBytes { get; init; }

    /// <summary>
    /// Finds the program of a name: the entry point, or another for <c>command</c> and exec (<c>sh</c>, <c>/bin/sh</c>, <c>pg_isready</c>). A program
    /// that the image lacks cannot run: <c>exec: "sh": executable file not found in $PATH</c>.
    /// </summary>
    public abstract bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program);

    /// <summary>Whether all words of ENTRYPOINT together name one program (<c>dotnet App.dll</c>), none of them an argument.</summary>
    internal virtual bool EntrypointIsOneProgram => false;

    /// <summary>Whether it only stands for an image nobody has: its probes are passed by whoever listens, as what they would ask is not there.</summary>
    internal virtual bool IsStub => false;

    /// <summary>The folder of this machine that the container has, read-only, at its working directory; null for none.</summary>
    internal virtual string? ContentFolder => null;

    /// <summary>What it runs whatever the command is, made for a container of a pod; null where the command is run.</summary>
    /// <param name="container">The container in the pod's spec.</param>
    /// <param name="ends">Whether it is one that has to end before its pod goes on.</param>
    internal virtual ProgramMain? MainOf(JsonElement container, bool ends) => null;

    /// <summary>
    /// Runs work of a program that is not its pod's, such as a connection to a real server on this machine. Other connections that a program makes with
    /// the machine's sockets bypass the simulated network and are reported as Warning events.
    /// </summary>
    protected static Task RunOutsideOfPodAsync(Func<Task> work) => Wire.OutsideOfPodsAsync(work);
}
