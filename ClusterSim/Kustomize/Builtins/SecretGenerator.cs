using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Makes a Secret from literals, files and env files.</summary>
internal sealed class SecretGenerator(FieldReader config, GeneratorOptions common, FileLoader loader, ResourceFactory factory) : IGenerator
{
    public IReadOnlyList<Resource> Generate()
    {
        config.Require("name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type");
        var args = GeneratorArgs.Read(config, common);
        var node = args.BaseNode("Secret");
        node.Set("type", RNode.Str(config.Text("type") is { Length: > 0 } type ? type : "Opaque"));
        DataMap.LoadSecret(node, KvPairSources.Load(config, loader));
        return [args.Finish(node, config.Place, factory)];
    }
}
