namespace ClusterSim.Nodes.Simulated;

/// <summary>Files of a container as a web server gives them.</summary>
internal static class StaticFiles
{
    private const long FileBytesMax = 16 * 1024 * 1024;

    /// <summary>The file that a request names under a folder, its index.html, or 404; null for a folder without one.</summary>
    public static SimulatedResponse Answer(Command command, string root, SimulatedRequest request)
    {
        var file = root.TrimEnd('/') + Path.GetFullPath(Uri.UnescapeDataString(request.Path), "/");
        if (command.IsDirectory(file))
            file = $"{file.TrimEnd('/')}/index.html";
        if (command.Stat(file) is { Length: > FileBytesMax })
            return SimulatedResponse.Of(500, "500 Internal Server Error: the simulated web server holds files in memory, and this one is larger than 16 MiB\n");
        return command.IsFile(file)
            ? new SimulatedResponse(200, command.Files.ReadAllBytes(file), Path.GetExtension(file) switch { ".html" => "text/html", ".json" => "application/json", _ => "text/plain" })
            : SimulatedResponse.Of(404, "404 Not Found\n");
    }
}
