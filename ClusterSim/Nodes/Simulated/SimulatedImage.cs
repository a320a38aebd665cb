using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>An image whose programs are written here: they wait on nothing but what they are given, and cost next to nothing while they wait.</summary>
internal sealed class SimulatedImage(string name, ImageConfiguration configuration, IReadOnlyDictionary<string, ProgramMain> programs) : Image
{
    // Where images keep their programs; a name without a path is found in all of them.
    private static readonly IReadOnlyList<string> Folders = ["/", "/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/", "/usr/local/sbin/", "/usr/local/apache2/bin/"];

    /// <inheritdoc/>
    public override ImageConfiguration Configuration { get; } = configuration;

    /// <inheritdoc/>
    public override string Digest { get; } = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{name}/{typeof(SimulatedImage).Module.ModuleVersionId:N}")));

    /// <inheritdoc/>
    public override bool KeepsToItsClock => true;

    /// <inheritdoc/>
    public override bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program)
    {
        if (programs.TryGetValue(name, out program))
            return true;
        var slash = name.LastIndexOf('/');
        return slash >= 0 && Folders.Contains(name[..(slash + 1)]) && programs.TryGetValue(name[(slash + 1)..], out program);
    }
}
