using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Makes a ConfigMap from literals, files and env files.</summary>
internal sealed class ConfigMapGenerator(FieldReader config, GeneratorOptions common, FileLoader loader, ResourceFactory factory) : IGenerator
{
    public IReadOnlyList<Resource> Generate()
    {
        config.Require("name", "namespace", "behavior", "literals", "files", "envs", "env", "options");
        var args = GeneratorArgs.Read(config, common);
        var node = args.BaseNode("ConfigMap");
        DataMap.LoadConfigMap(node, KvPairSources.Load(config, loader));
        return [args.Finish(node, config.Place, factory)];
    }
}
