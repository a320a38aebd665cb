#pragma warning disable RS0030 // Reads an image from the folder that the user published; containers have no part in it.
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Processes;

namespace ClusterSim.Nodes.Images;

/// <summary>
/// An image that is a publish folder (<c>dotnet publish</c>): its digest is the hash of its content, and its program is loaded into an
/// assembly load context of its own, so that a rebuilt service rolls out beside the running one. It shares with the simulator only
/// <c>Processes</c> and the framework. The context is unloaded when the image is disposed and its last program has returned.
/// </summary>
public sealed class FolderImage : Image, IDisposable
{
    private readonly string _folder;
    private readonly string _assembly;
    private readonly Lock _loading = new();
    private FolderLoadContext? _context;
    private ProgramMain? _main;

    /// <summary>An image of a folder as it is now; it must not change afterwards.</summary>
    /// <param name="folder">The publish folder.</param>
    /// <param name="assembly">The assembly with the program: <c>Shop.Api.dll</c>. It has a <see cref="ProgramEntryAttribute"/>.</param>
    /// <param name="configuration">What the image says of itself: see <see cref="Dockerfile"/>.</param>
    /// <exception cref="FileNotFoundException">The folder has no such assembly.</exception>
    public FolderImage(string folder, string assembly, ImageConfiguration configuration)
    {
        _folder = Path.GetFullPath(folder);
        _assembly = Path.Combine(_folder, assembly);
        if (!File.Exists(_assembly))
            throw new FileNotFoundException($"'{_folder}' is no image of {assembly}: publish the service there first", _assembly);
        Configuration = configuration.Entrypoint.Count == 0 ? configuration with { Entrypoint = ["dotnet", assembly] } : configuration;
        Digest = DigestOf(_folder, Configuration);
    }

    /// <inheritdoc/>
    public override ImageConfiguration Configuration { get; }

    /// <inheritdoc/>
    public override string Digest { get; }

    /// <inheritdoc/>
    internal override bool EntrypointIsOneProgram => true;

    /// <inheritdoc/>
    internal override string? ContentFolder => _folder;

    /// <summary>The hash of a folder's files, by relative path and content, and of what the image says of itself.</summary>
    internal static string DigestOf(string folder, ImageConfiguration configuration)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(configuration));
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes("\0" + Path.GetRelativePath(folder, file) + "\0"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public override bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program)
    {
        var isEntry = name == Configuration.Entrypoint[0] || (Path.IsPathRooted(name) && Path.GetFileName(name) == Path.GetFileName(Configuration.Entrypoint[0]));
        program = isEntry ? Load() : null;
        return isEntry;
    }

    /// <summary>Lets the loaded assemblies go, once nothing of them runs.</summary>
    public void Dispose()
    {
        lock (_loading)
        {
            _main = null;
            _context?.Unload();
            _context = null;
        }
    }

    private ProgramMain Load()
    {
        lock (_loading)
        {
            if (_main is not null)
                return _main;
            _context = new FolderLoadContext(_assembly, Digest);
            var assembly = _context.LoadFromAssemblyPath(_assembly);
            var entry = assembly.GetCustomAttribute<ProgramEntryAttribute>()
                ?? throw new InvalidOperationException($"{_assembly} names no program: it needs [assembly: ProgramEntry(typeof(…))] from Processes");
            var method = entry.Type.GetMethod(entry.Method, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static, [typeof(ServiceProcess)])
                ?? throw new InvalidOperationException($"{entry.Type.FullName} in {_assembly} has no static method Task<int> {entry.Method}(ServiceProcess)");
            return _main = method.CreateDelegate<ProgramMain>();
        }
    }
}
