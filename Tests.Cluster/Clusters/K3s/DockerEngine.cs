namespace Tests.Cluster.Clusters.K3s;

/// <summary>This machine's Docker engine, through the command <c>docker</c>.</summary>
internal static class DockerEngine
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);

    /// <summary>Why there is none to use; null where there is one.</summary>
    public static async Task<string?> MissingAsync()
    {
        if (Tool.Find("docker") is null)
            return "docker is not installed";
        try
        {
            var version = await Tool.RunAsync("docker", ["version", "--format", "{{.Server.Version}}"], limit: AnswersWithin);
            return version.ExitCode == 0 ? null : "no Docker engine answers: " + version.Error.Trim().Split('\n')[^1];
        }
        catch (TimeoutException silent)
        {
            return silent.Message;
        }
    }

    /// <summary>Builds the image of a project's Dockerfile. SDK_IMAGE and RUNTIME_IMAGE in the environment name other bases than Microsoft's.</summary>
    public static async Task BuildAsync(string project, string reference)
    {
        var bases = new[] { "SDK_IMAGE", "RUNTIME_IMAGE" }
            .Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
            .Where(given => !string.IsNullOrEmpty(given.Value))
            .SelectMany(given => new[] { "--build-arg", $"{given.Name}={given.Value}" });
        var network = Environment.GetEnvironmentVariable("DOCKER_BUILD_NETWORK") is { Length: > 0 } named ? ["--network", named] : Array.Empty<string>();
        await RunAsync(["build", "--file", Repository.Path($"{project}/Dockerfile"), "--tag", reference, .. bases, .. network, Repository.Path(".")]);
    }

    /// <summary>Writes images to an archive that a container runtime imports.</summary>
    public static Task SaveAsync(string archive, params IReadOnlyList<string> references) => RunAsync(["save", "--output", archive, .. references]);

    private static async Task RunAsync(IReadOnlyList<string> arguments)
    {
        var came = await Tool.RunAsync("docker", arguments);
        if (came.ExitCode != 0)
            throw new InvalidOperationException($"docker {string.Join(' ', arguments)} ended with {came.ExitCode}: {came.Error.Trim()}");
    }
}
