using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Processes;

namespace ClusterSim.Nodes.Images;

/// <summary>An image whose program is a function of this process: for tests, and for services that are referenced by them.</summary>
public sealed class ServiceImage : Image
{
    private readonly ProgramMain _main;

    /// <summary>Creates an image whose entry point is <paramref name="main"/>.</summary>
    /// <param name="main">The program.</param>
    /// <param name="configuration">The configuration; without an ENTRYPOINT it is <c>/app</c>.</param>
    public ServiceImage(ProgramMain main, ImageConfiguration? configuration = null)
    {
        _main = main;
        configuration ??= new ImageConfiguration();
        Configuration = configuration.Entrypoint.Count == 0 ? configuration with { Entrypoint = ["/app"] } : configuration;
        var identity = $"{main.Method.Module.ModuleVersionId:N}/{main.Method.MetadataToken:x}/{JsonSerializer.Serialize(Configuration)}";
        Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
    }

    /// <summary>Other programs by name, for exec and <c>command</c>.</summary>
    public IReadOnlyDictionary<string, ProgramMain> Programs { get; init; } = new Dictionary<string, ProgramMain>(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override ImageConfiguration Configuration { get; }

    /// <inheritdoc/>
    public override string Digest { get; }

    /// <inheritdoc/>
    internal override bool EntrypointIsOneProgram => true;

    /// <inheritdoc/>
    public override bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program)
    {
        if (name == Configuration.Entrypoint[0] || name == Path.GetFileName(Configuration.Entrypoint[0]))
        {
            program = _main;
            return true;
        }
        return Programs.TryGetValue(name, out program) || Programs.TryGetValue(Path.GetFileName(name), out program);
    }
}
