using System.Text;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Applies a JSON 6902 patch of <c>patchesJson6902</c>, whose target has a name.</summary>
internal sealed class PatchJson6902Transformer : ITransformer
{
    private readonly Selector _target;
    private readonly byte[] _operations;

    /// <param name="config">The configuration.</param>
    /// <param name="inlineField">The field with the operations: <c>patch</c> in a kustomization, <c>jsonOp</c> in a configuration of its own.</param>
    /// <param name="loader">Reads the file.</param>
    public PatchJson6902Transformer(FieldReader config, string inlineField, FileLoader loader)
    {
        config.Require("target", "path", inlineField, "options");
        _target = config.Selector("target") ?? throw config.Error("target", "a target is required");
        if (_target.Id.Name.Length == 0)
            throw config.Error("target.name", "a name is required");
        var (path, inline) = (config.Text("path"), config.Text(inlineField));
        if (path.Length == 0 == (inline.Length == 0))
            throw new KustomizeException($"{config.Place}: {(path.Length == 0 ? $"either path or {inlineField} is required" : $"path and {inlineField} cannot both be given")}");
        try
        {
            _operations = PatchText.Operations(path.Length > 0 ? loader.Load(path) : Encoding.UTF8.GetBytes(inline), path.Length > 0 ? path : inlineField)
                ?? throw new KustomizeException("a list of operations is expected");
        }
        catch (KustomizeException ex)
        {
            throw ex.At(config.Place);
        }
    }

    public void Transform(ResMap resources)
    {
        foreach (var resource in resources.Select(_target))
            PatchText.Apply(resource, _operations);
    }
}
