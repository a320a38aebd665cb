using System.Text;
using ClusterSim.Kustomize.Builtins;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Target;

/// <summary>
/// One kustomization of a build. Gathers, in this order: its resources (files and other kustomizations), what its generators make, its components; then
/// runs its transformers and validators. References are fixed once all is gathered, by <see cref="Kustomizer"/>.
/// </summary>
internal sealed class KustTarget
{
    private readonly KustomizationFile _file;
    private readonly FileLoader _loader;
    private readonly ResourceFactory _factory;
    private readonly Origin? _origin;

    /// <param name="file">The kustomization.</param>
    /// <param name="loader">Reads its files.</param>
    /// <param name="factory">Makes resources.</param>
    /// <param name="origin">Where this kustomization is, for <c>buildMetadata</c>; null where nothing is recorded.</param>
    public KustTarget(KustomizationFile file, FileLoader loader, ResourceFactory factory, Origin? origin)
    {
        _file = file;
        _loader = loader;
        _factory = factory;
        _origin = origin;
    }

    private FieldReader Fields => _file.Fields;

    /// <summary>Gathers everything into an accumulator: a new one, or for components that of the kustomization that uses them.</summary>
    public void Accumulate(ResAccumulator into)
    {
        AccumulateResources(into, "resources", Fields.Texts("resources"));
        AccumulateResources(into, "bases", Fields.Texts("bases"));
        into.MergeConfig(Configuration());
        Generate(into);
        foreach (var path in Fields.Texts("components"))
            AccumulateDirectory(into, "components", path, isComponent: true);
        Transform(into);
        Validate(into);
        into.MergeVars(Fields.Objects("vars").Select(Var.Read));
    }

    private void AccumulateResources(ResAccumulator into, string field, IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            if (_loader.IsRemote(path))
                throw Fields.Error(field, $"\"{path}\" is remote, and only files and folders of this machine are read: clone it and name the folder, or render it with `kubectl kustomize`");
            if (_loader.IsFile(path))
                into.Resources.AppendAll(ReadFile(field, path));
            else
                AccumulateDirectory(into, field, path, isComponent: false);
        }
    }

    private IReadOnlyList<Resource> ReadFile(string field, string path)
    {
        var resources = _factory.Read(Load(field, path), Path.Combine(_loader.Root, path));
        foreach (var resource in resources)
            resource.Origin = _origin?.Append(path);
        return resources;
    }

    private void AccumulateDirectory(ResAccumulator into, string field, string path, bool isComponent)
    {
        FileLoader loader;
        try
        {
            loader = _loader.New(path);
        }
        catch (KustomizeException ex)
        {
            throw Fields.Error(field, ex.Message);
        }
        var file = KustomizationFile.Load(loader);
        if (file.IsComponent != isComponent)
            throw Fields.Error(field, $"\"{path}\": kind {(isComponent ? KustomizationFile.ComponentKind : "Kustomization")} is expected, found {(isComponent ? "Kustomization" : KustomizationFile.ComponentKind)} ({file.Path})");
        var target = new KustTarget(file, loader, _factory, _origin?.Append(path));
        if (isComponent)
        {
            target.Accumulate(into);
            return;
        }
        var gathered = new ResAccumulator();
        target.Accumulate(gathered);
        into.Merge(gathered);
    }

    private TransformerConfig Configuration()
    {
        var config = DefaultTransformerConfig.Value;
        foreach (var path in Fields.Texts("configurations"))
            config = config.Merge(TransformerConfigReader.Read(Load("configurations", path), Path.Combine(_loader.Root, path)));
        foreach (var path in Fields.Texts("crds"))
            config = config.Merge(CrdConfigReader.Read(Load("crds", path), Path.Combine(_loader.Root, path)));
        return config;
    }

    private void Generate(ResAccumulator into)
    {
        var generators = new BuiltinConfigurators(Fields, _loader, _factory).Generators()
            .Select(one => (one.Generator, Origin: BuiltinOrigin(one.Kind))).ToList();
        var plugins = new BuiltinPlugins(_loader, _factory);
        generators.AddRange(PluginConfigs("generators").Select(config => (plugins.Generator(config), PluginOrigin(config))));
        foreach (var (generator, origin) in generators)
            foreach (var generated in generator.Generate())
            {
                generated.Origin ??= origin;
                into.Resources.Absorb(generated);
            }
    }

    private void Transform(ResAccumulator into)
    {
        var transformers = new BuiltinConfigurators(Fields, _loader, _factory).Transformers(into.Config)
            .Select(one => (one.Place, one.Transformer, Origin: BuiltinOrigin(one.Kind))).ToList();
        var plugins = new BuiltinPlugins(_loader, _factory);
        transformers.AddRange(PluginConfigs("transformers").Select(config => (config.Source, plugins.Transformer(config), PluginOrigin(config))));
        foreach (var (place, transformer, origin) in transformers)
        {
            Run(place, transformer, into.Resources);
            if (origin is not null)
                Record(origin, into.Resources);
            into.Resources.RemoveDeleted();
        }
    }

    /// <exception cref="KustomizeException">A validator changes the resources.</exception>
    private void Validate(ResAccumulator into)
    {
        var plugins = new BuiltinPlugins(_loader, _factory);
        foreach (var config in PluginConfigs("validators"))
        {
            var before = Snapshot();
            Run(config.Source, plugins.Transformer(config), into.Resources);
            if (Snapshot() != before)
                throw new KustomizeException($"{config.Source}: {config.Kind} {config.Name} changes the resources, which a validator must not");
        }

        string Snapshot() => string.Join('\n', into.Resources.Resources.Select(resource => GoJson.Write(resource.Node.ToJson())));
    }

    private static void Run(string place, ITransformer transformer, ResMap resources)
    {
        try
        {
            transformer.Transform(resources);
        }
        catch (KustomizeException ex) when (!ex.Message.StartsWith(place, StringComparison.Ordinal))
        {
            throw ex.At(place);
        }
    }

    /// <summary>The objects that configure plugins: inline, from files, or what other kustomizations render.</summary>
    private IReadOnlyList<Resource> PluginConfigs(string field)
    {
        var gathered = new ResAccumulator();
        var paths = new List<string>();
        foreach (var (text, at) in Fields.Texts(field).Select((text, at) => (text, at)))
        {
            if (!text.Contains('\n', StringComparison.Ordinal) && !text.StartsWith('{'))
            {
                paths.Add(text);
                continue;
            }
            var inline = _factory.Read(Encoding.UTF8.GetBytes(text), $"{_file.Path}: {field}[{at}]");
            foreach (var config in inline)
                config.Origin = _origin?.Append(_file.Name);
            gathered.Resources.AppendAll(inline);
        }
        AccumulateResources(gathered, field, paths);
        return gathered.Resources.Resources;
    }

    private static void Record(Origin origin, ResMap resources)
    {
        foreach (var resource in resources.Resources.Where(resource => !resource.IsDeleted))
        {
            if (resource.Origin is null)
                resource.Origin = origin;
            else
                resource.Transformations.Add(origin);
        }
    }

    private Origin? BuiltinOrigin(string kind) =>
        _origin is null ? null : new Origin(ConfiguredIn: _origin.Append(_file.Name).Path, ApiVersion: "builtin", Kind: kind);

    private static Origin? PluginOrigin(Resource config) =>
        config.Origin is null ? null : new Origin(ConfiguredIn: config.Origin.Path, ApiVersion: config.ApiVersion, Kind: config.Kind, Name: config.Name, Namespace: config.Namespace);

    private byte[] Load(string field, string path)
    {
        try
        {
            return _loader.Load(path);
        }
        catch (KustomizeException ex)
        {
            throw Fields.Error(field, ex.Message);
        }
    }
}
