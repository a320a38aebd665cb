using System.CommandLine;
using ClusterSim.Manifests;

namespace Harness.Commands;

/// <summary>The options that name manifests: <c>-f</c>, <c>-R</c> and <c>-k</c>, as kubectl has them.</summary>
internal sealed class ManifestInput
{
    private readonly Option<string[]> _file = new("--filename", "-f") { Description = "A file, a folder of files, or - for standard input.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _recursive = new("--recursive", "-R") { Description = "With -f FOLDER: the folders below too." };
    private readonly Option<string?> _kustomization = new("--kustomize", "-k") { Description = "A folder with a kustomization.yaml." };

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_recursive);
        command.Options.Add(_kustomization);
    }

    /// <summary>Reads the manifests, in the order to apply them in: namespaces first, then definitions of custom resources.</summary>
    /// <exception cref="CommandException">Neither or both of -f and -k are given, or a file cannot be read.</exception>
    public IReadOnlyList<Manifest> Read(CommandContext context, ParseResult parsed)
    {
        var files = parsed.GetValue(_file) ?? [];
        var folder = parsed.GetValue(_kustomization);
        if ((files.Length == 0) == (folder is null))
            throw new CommandException("name the manifests: -f FILE, or -k FOLDER");
        var manifests = folder is not null
            ? ReadKustomization(context, folder)
            : [.. files.SelectMany(name => ReadFile(context, name, parsed.GetValue(_recursive)))];
        return Ordered(manifests);
    }

    /// <summary>Orders manifests so that what others need comes first: namespaces, definitions of custom resources, everything else as it came.</summary>
    public static IReadOnlyList<Manifest> Ordered(IEnumerable<Manifest> manifests) =>
        [.. manifests.OrderBy(manifest => manifest.Kind switch { "Namespace" => 0, "CustomResourceDefinition" => 1, _ => 2 })];

    /// <summary>What a kustomization renders to.</summary>
    /// <exception cref="CommandException">It cannot be rendered.</exception>
    public static IReadOnlyList<Manifest> ReadKustomization(CommandContext context, string folder)
    {
        try
        {
            return Kustomization.Build(Path.GetFullPath(folder, context.Process.WorkingDirectory));
        }
        catch (ManifestException ex)
        {
            throw new CommandException(ex.Message);
        }
    }

    /// <summary>The manifests of a file, a folder, or <c>-</c> for standard input.</summary>
    /// <exception cref="CommandException">They cannot be read.</exception>
    public static IReadOnlyList<Manifest> ReadFile(CommandContext context, string name, bool recursive = false)
    {
        try
        {
            if (name == "-")
            {
                using var input = new StreamReader(context.Process.Input);
                return Manifest.Parse(input.ReadToEnd(), "standard input");
            }
            return Manifest.Read(Path.GetFullPath(name, context.Process.WorkingDirectory), recursive);
        }
        catch (ManifestException ex)
        {
            throw new CommandException(ex.Message);
        }
    }
}
