namespace ClusterSim.Nodes.Simulated;

/// <summary>Files of a container as a web server gives them.</summary>
internal static class StaticFiles
{
    /// <summary>The file that a request names under a folder, its index.html, or 404; null for a folder without one.</summary>
    public static SimulatedResponse Answer(Command command, string root, SimulatedRequest request)
    {
        var file = root.TrimEnd('/') + Path.GetFullPath(Uri.UnescapeDataString(request.Path), "/");
        if (command.IsDirectory(file))
            file = $"{file.TrimEnd('/')}/index.html";
        return command.IsFile(file)
            ? new SimulatedResponse(200, command.Files.ReadAllBytes(file), Path.GetExtension(file) switch { ".html" => "text/html", ".json" => "application/json", _ => "text/plain" })
            : SimulatedResponse.Of(404, "404 Not Found\n");
    }
}
