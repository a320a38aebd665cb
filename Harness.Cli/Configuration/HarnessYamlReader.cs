using ClusterSim.Http.Browsers;
using Harness.Commands;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Harness.Configuration;

/// <summary>Reads harness.yaml and checks it against the files of the repository.</summary>
internal sealed class HarnessYamlReader
{
    private const int PortMax = 65_535;

    private readonly string _root;
    private readonly YamlErrors _errors = new(HarnessYaml.FileName);
    private readonly Dictionary<string, string> _projects = new(StringComparer.Ordinal);

    private HarnessYamlReader(string root) => _root = root;

    /// <summary>Reads a text.</summary>
    /// <exception cref="CommandException">The text is wrong; the message has every error.</exception>
    public static HarnessYaml Read(string text, string root)
    {
        var reader = new HarnessYamlReader(root);
        HarnessYaml? read = null;
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents is [{ RootNode: YamlMappingNode mapping }])
                read = reader.Read(new YamlFields(mapping, "", reader._errors));
            else
                reader._errors.Add(
                    new Mark(0, 1, 1),
                    $"found {(stream.Documents.Count switch { 0 => "no document", 1 => "a document that is no mapping", var count => $"{count} documents" })}, should be one mapping");
        }
        catch (YamlException ex)
        {
            reader._errors.Add(ex.Start, $"not YAML: {ex.Message}");
        }
        if (read is not null && reader._errors.Count == 0)
            return read;
        throw new CommandException($"{Path.Combine(root, HarnessYaml.FileName)} has {(reader._errors.Count == 1 ? "an error" : $"{reader._errors.Count} errors")}:\n{reader._errors}\ndocs/harness-yaml.md describes every field.");
    }

    private HarnessYaml Read(YamlFields fields)
    {
        fields.AllowOnly("apiVersion", "name", "kustomization", "images", "databases", "ports", "browsers", "urls", "chaos");
        if (fields.RequiredText("apiVersion", HarnessYaml.ApiVersion) is { Length: > 0 } version && version != HarnessYaml.ApiVersion)
            fields.Wrong("apiVersion", HarnessYaml.ApiVersion);
        return new HarnessYaml
        {
            Root = _root,
            Name = fields.RequiredText("name", "the name of the system"),
            Kustomization = Kustomization(fields),
            Images = [.. Images(fields)],
            Databases = Databases(fields),
            Ports = Ports(fields),
            Browsers = Browsers(fields),
            Urls = Urls(fields),
            Chaos = Chaos(fields),
        };
    }

    private string Kustomization(YamlFields fields)
    {
        const string Expected = "a folder with a kustomization.yaml, relative to the repository's root";
        var folder = fields.RequiredText("kustomization", Expected);
        if (folder.Length > 0 && !((string[])["kustomization.yaml", "kustomization.yml", "Kustomization"]).Any(name => File.Exists(Path.Combine(_root, folder, name))))
            fields.Wrong("kustomization", Expected);
        return folder;
    }

    private IEnumerable<ProjectImage> Images(YamlFields fields)
    {
        if (fields.Mapping("images", "a mapping of name:tag to { project, dockerfile }") is not { } images)
            yield break;
        foreach (var (reference, node) in images.All)
        {
            if (!IsTagged(reference))
                images.WrongName(reference, "name:tag, as the manifests have it");
            if (images.Mapping(reference, node, "a mapping such as { project: Shop.Api/Shop.Api.csproj, dockerfile: Shop.Api/Dockerfile }") is not { } image)
                continue;
            image.AllowOnly("project", "dockerfile", "assembly");
            var project = Project(image);
            var dockerfile = ExistingFile(image, "dockerfile", "a Dockerfile, relative to the repository's root");
            if (project.Length > 0)
                yield return image.Text("assembly", "the file name of the assembly with the program") is { } assembly
                    ? new ProjectImage(reference, project, dockerfile) { Assembly = assembly }
                    : new ProjectImage(reference, project, dockerfile);
        }
    }

    private static DatabaseImages Databases(YamlFields fields)
    {
        if (fields.Mapping("databases", "a mapping such as postgres: { image: postgres:18 }") is not { } databases)
            return new DatabaseImages();
        databases.AllowOnly("postgres");
        if (databases.Mapping("postgres", "a mapping such as { image: postgres:18 }") is not { } postgres)
            return new DatabaseImages();
        postgres.AllowOnly("image");
        var image = postgres.RequiredText("image", "name:tag, as the manifests have it");
        if (image.Length > 0 && !IsTagged(image))
            postgres.Wrong("image", "name:tag, as the manifests have it");
        return new DatabaseImages { Postgres = image };
    }

    private static HostPorts Ports(YamlFields fields)
    {
        if (fields.Mapping("ports", "a mapping such as { ingress: 8080 }") is not { } ports)
            return new HostPorts();
        ports.AllowOnly("ingress", "api");
        return new HostPorts { Ingress = ports.Whole("ingress", 0, PortMax) ?? HostPorts.IngressDefault, Api = ports.Whole("api", 0, PortMax) };
    }

    private static BrowserOptions Browsers(YamlFields fields)
    {
        if (fields.Mapping("browsers", "a mapping such as { allowedOrigins: [ http://localhost:3000 ] }") is not { } browsers)
            return new BrowserOptions();
        browsers.AllowOnly("allowedOrigins", "allowedHosts");
        return new BrowserOptions
        {
            AllowedOrigins = browsers.Texts("allowedOrigins", "origins such as http://localhost:3000, or '*'", IsOrigin),
            AllowedHosts = browsers.Texts("allowedHosts", "names such as shop.example.com or '*.example.com', without ports, or '*'", host => host.AsSpan().IndexOfAny(":/ ") < 0),
        };

        static bool IsOrigin(string text) => text == "*" || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && text == $"{uri.Scheme}://{uri.Authority}");
    }

    private static Dictionary<string, string> Urls(YamlFields fields)
    {
        const string Expected = "a path on the Ingress, such as /orders";
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        if (fields.Mapping("urls", "a mapping of names to paths, such as shop: /orders") is not { } urls)
            return read;
        foreach (var (name, node) in urls.All)
            if (urls.Text(name, node, Expected) is { } path)
            {
                if (!path.StartsWith('/'))
                    urls.Wrong(name, Expected);
                read[name] = path;
            }
        return read;
    }

    private ScenarioReference? Chaos(YamlFields fields)
    {
        if (fields.Mapping("chaos", "a mapping such as { project: Shop.Chaos/Shop.Chaos.csproj, scenario: Shop.Chaos.OrderScenario }") is not { } chaos)
            return null;
        chaos.AllowOnly("project", "scenario");
        return new ScenarioReference(Project(chaos), chaos.RequiredText("scenario", "the full name of a type that implements Harness.Chaos.IChaosScenario"));
    }

    private string Project(YamlFields fields)
    {
        var project = ExistingFile(fields, "project", "a project file, relative to the repository's root");
        var name = Path.GetFileNameWithoutExtension(project);
        if (project.Length > 0 && !_projects.TryAdd(name, project) && _projects[name] != project)
            fields.Wrong("project", $"a project with another file name than {_projects[name]}, as projects are published to folders of that name");
        return project;
    }

    private string ExistingFile(YamlFields fields, string name, string expected)
    {
        var file = fields.RequiredText(name, expected);
        if (file.Length > 0 && !File.Exists(Path.Combine(_root, file)))
            fields.Wrong(name, $"{expected}; there is no such file in {_root}");
        return file;
    }

    private static bool IsTagged(string reference) => reference.LastIndexOf(':') > reference.LastIndexOf('/') && !reference.EndsWith(':');
}
