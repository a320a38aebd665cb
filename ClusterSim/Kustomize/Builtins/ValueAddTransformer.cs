using System.Text;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Sets a field, or a part of a path in it, to a value; the folder's name where none is given. Has no field in a kustomization.</summary>
internal sealed class ValueAddTransformer : ITransformer
{
    private readonly string _value;
    private readonly IReadOnlyList<FieldReader> _targets;

    public ValueAddTransformer(FieldReader config, FileLoader loader)
    {
        _value = config.Text("value").Trim() is { Length: > 0 } value ? value : Path.GetFileName(loader.Root);
        var file = config.Text("targetFilePath");
        _targets = file.Length == 0 ? config.Objects("targets") : [.. config.Objects("targets"), .. FieldReader.Parse(loader.Load(file), file, isStrict: false).Objects("targets")];
        if (_targets.Count == 0)
            throw config.Error("targets", "at least one target is required");
        foreach (var target in _targets)
        {
            target.RequiredText("fieldPath");
            if (target.Integer("filePathPosition") < 0)
                throw target.Error("filePathPosition", "a position cannot be negative");
        }
    }

    public void Transform(ResMap resources)
    {
        foreach (var target in _targets)
            foreach (var resource in target.Selector("selector") is { } selector ? resources.Select(selector) : resources.Resources)
                Set(resource, target.Text("fieldPath"), target.Integer("filePathPosition"));
    }

    private void Set(Resource resource, string path, long position)
    {
        if (path == "metadata/namespace")
        {
            if (!resource.CurrentId.IsClusterScoped)
                resource.SetNamespace(_value);
            return;
        }
        var node = PathGetter.LookupCreateScalar(resource.Node, PathSplitter.Split(path, '/'));
        if (node.Kind != NodeKind.Scalar)
            throw new KustomizeException($"{resource.CurrentId}: {path}: a scalar is expected, found {node.Describe()}");
        node.SetScalar(position > 0 ? Inserted(node.Value, (int)position - 1) : _value, ScalarTag.None);
    }

    // filesys.InsertPathPart: beyond the end means at the end.
    private string Inserted(string path, int position)
    {
        var isAbsolute = path.StartsWith('/');
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).ToList();
        parts.Insert(Math.Min(position, parts.Count), _value);
        return (isAbsolute ? new StringBuilder("/") : new StringBuilder()).AppendJoin('/', parts).ToString();
    }
}
