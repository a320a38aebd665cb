using System.Diagnostics.CodeAnalysis;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Finds programs in images, and words the errors as runc does.</summary>
internal static class ProgramLookup
{
    /// <summary>Finds a program of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">The program's name or path.</param>
    /// <param name="program">The program.</param>
    /// <param name="error">Why it cannot be run.</param>
    public static bool TryFind(Image image, string name, [NotNullWhen(true)] out ProgramMain? program, [NotNullWhen(false)] out string? error)
    {
        program = null;
        try
        {
            error = image.TryFindProgram(name, out program) ? null : Missing(name);
        }
        catch (Exception ex) when (ex is InvalidOperationException or IOException or BadImageFormatException or TypeLoadException or ArgumentException)
        {
            error = $"exec: \"{name}\": {ex.Message}";
        }
        return error is null && program is not null;
    }

    /// <summary>Returns the error for a program that an image lacks.</summary>
    public static string Missing(string name) => name.Contains('/', StringComparison.Ordinal)
        ? $"exec: \"{name}\": stat {name}: no such file or directory"
        : $"exec: \"{name}\": executable file not found in $PATH";
}
