using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Tests.Unit.Architecture;

/// <summary>The sources of this repository: projects, their references, and C# files.</summary>
internal static class SourceTree
{
    /// <summary>The folder of the repository.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    /// <summary>The C# files below a folder, by their path from <see cref="Root"/>, without what builds generate.</summary>
    public static IEnumerable<string> Files(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Root, path).Replace(Path.DirectorySeparatorChar, '/'))
        .Where(path => !path.Split('/').Any(part => part is "obj" or "bin" or "artifacts" || part.StartsWith('.')));

    /// <summary>Reads the source of a file that <see cref="Files"/> lists.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The projects that a solution holds, by name, and the names of those that they refer to.</summary>
    public static IReadOnlyDictionary<string, string[]> Projects { get; } = File.ReadAllLines(Path.Combine(Root, "Harness.sln"))
        .Where(line => line.StartsWith("Project(", StringComparison.Ordinal) && line.Contains(".csproj\"", StringComparison.Ordinal))
        .Select(line => line.Split('"')[5].Replace('\\', '/'))
        .ToDictionary(path => Path.GetFileNameWithoutExtension(path), ReferencesOf, StringComparer.Ordinal);

    private static string[] ReferencesOf(string project) =>
    [
        .. XDocument.Load(Path.Combine(Root, project)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    private static string Here([CallerFilePath] string path = "") => path;
}
