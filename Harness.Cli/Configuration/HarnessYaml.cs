using ClusterSim.Http.Browsers;
using Harness.Commands;

namespace Harness.Configuration;

/// <summary>The file <c>harness.yaml</c> in a repository's root: what <c>harness</c> runs. docs/harness-yaml.md describes it.</summary>
public sealed record HarnessYaml
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "harness.yaml";

    /// <summary>The apiVersion that the file has.</summary>
    public const string ApiVersion = "harness/v1";

    /// <summary>The least that the file needs to say.</summary>
    public const string Example = """
        apiVersion: harness/v1
        name: shop
        kustomization: k8s/overlays/dev
        images:
          shop-api:1.0.0: { project: Shop.Api/Shop.Api.csproj, dockerfile: Shop.Api/Dockerfile }
        """;

    /// <summary>The repository's root.</summary>
    public required string Root { get; init; }

    /// <summary>The name of the system.</summary>
    public required string Name { get; init; }

    /// <summary>The folder of the kustomization that is deployed, below the root.</summary>
    public required string Kustomization { get; init; }

    /// <summary>The images that are built from projects.</summary>
    public IReadOnlyList<ProjectImage> Images { get; init; } = [];

    /// <summary>The databases that simulated images provide.</summary>
    public DatabaseImages Databases { get; init; } = new();

    /// <summary>The ports on this machine.</summary>
    public HostPorts Ports { get; init; } = new();

    /// <summary>The web pages that may call the Ingress and the ports of Services from a browser, besides their own.</summary>
    public BrowserOptions Browsers { get; init; } = new();

    /// <summary>The paths on the Ingress that are printed when the system is up, by name.</summary>
    public IReadOnlyDictionary<string, string> Urls { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The scenario of <c>harness chaos</c>; null: there is none.</summary>
    public ScenarioReference? Chaos { get; init; }

    /// <summary>The full path of <see cref="Kustomization"/>.</summary>
    public string KustomizationFolder => Path.Combine(Root, Kustomization);

    /// <summary>Reads the file of a repository.</summary>
    /// <exception cref="CommandException">The file is missing or wrong; the message has every error, with file, line, field, value found and value expected.</exception>
    public static HarnessYaml Load(string root)
    {
        var path = Path.Combine(root, FileName);
        if (!File.Exists(path))
            throw Missing($"{path} does not exist");
        return HarnessYamlReader.Read(File.ReadAllText(path), root);
    }

    /// <summary>Reads the file of a repository; where there is none, returns what an empty cluster needs: no images, no databases, the default ports.</summary>
    /// <exception cref="CommandException">The file is wrong.</exception>
    public static HarnessYaml LoadOrEmpty(string root) =>
        File.Exists(Path.Combine(root, FileName)) ? Load(root) : new HarnessYaml { Root = root, Name = Path.GetFileName(root), Kustomization = "." };

    /// <summary>The error where there is no file.</summary>
    internal static CommandException Missing(string where) =>
        new($"{where}. Create it in the repository's root, for example:\n\n{Example}\n\ndocs/harness-yaml.md describes every field.");
}

/// <summary>An image that is built from a project.</summary>
/// <param name="Reference">The reference that manifests use: <c>name:tag</c>.</param>
/// <param name="Project">The project file, below the root.</param>
/// <param name="Dockerfile">The Dockerfile, below the root: user, ports and entry point come from it.</param>
public sealed record ProjectImage(string Reference, string Project, string Dockerfile)
{
    /// <summary>The assembly with the program, in the folder that the project is published to.</summary>
    public string Assembly { get; init; } = $"{Path.GetFileNameWithoutExtension(Project)}.dll";

    /// <summary>The name of the project and of the folder that it is published to.</summary>
    public string ProjectName => Path.GetFileNameWithoutExtension(Project);
}

/// <summary>The images that are backed by a real server on this machine.</summary>
public sealed record DatabaseImages
{
    /// <summary>The reference of the PostgreSQL image; null: no PostgreSQL is started.</summary>
    public string? Postgres { get; init; }
}

/// <summary>Ports on this machine.</summary>
public sealed record HostPorts
{
    /// <summary>The port of the Ingress where nothing names one.</summary>
    public const int IngressDefault = 8080;

    /// <summary>The port that the Ingress uses unless it is taken.</summary>
    public int Ingress { get; init; } = IngressDefault;

    /// <summary>The port of the Kubernetes API; null: any free one.</summary>
    public int? Api { get; init; }
}

/// <summary>A scenario of <c>harness chaos</c>.</summary>
/// <param name="Project">The project file, below the root.</param>
/// <param name="Scenario">The full name of the type.</param>
public sealed record ScenarioReference(string Project, string Scenario)
{
    /// <summary>The name of the project and of the folder that it is published to.</summary>
    public string ProjectName => Path.GetFileNameWithoutExtension(Project);
}
