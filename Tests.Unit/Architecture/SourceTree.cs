using System.Xml.Linq;

namespace Tests.Unit.Architecture;

/// <summary>The sources of this repository: projects, their references, and C# files.</summary>
internal static class SourceTree
{
    /// <summary>The C# files below a folder, by their path from <see cref="Repository.Root"/>, without what builds generate.</summary>
    public static IEnumerable<string> Files(string folder) => Directory
        .EnumerateFiles(Repository.Path(folder), "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Repository.Root, path).Replace(Path.DirectorySeparatorChar, '/'))
        .Where(path => !path.Split('/').Any(part => part is "obj" or "bin" or "artifacts" || part.StartsWith('.')));

    /// <summary>Reads the source of a file that <see cref="Files"/> lists.</summary>
    public static string Read(string path) => File.ReadAllText(Repository.Path(path));

    /// <summary>The projects that a solution holds, by name, and the names of those that they refer to.</summary>
    public static IReadOnlyDictionary<string, string[]> Projects { get; } = File.ReadAllLines(Repository.Path("Harness.sln"))
        .Where(line => line.StartsWith("Project(", StringComparison.Ordinal) && line.Contains(".csproj\"", StringComparison.Ordinal))
        .Select(line => line.Split('"')[5].Replace('\\', '/'))
        .ToDictionary(path => Path.GetFileNameWithoutExtension(path), ReferencesOf, StringComparer.Ordinal);

    private static string[] ReferencesOf(string project) =>
    [
        .. XDocument.Load(Repository.Path(project)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];
}
