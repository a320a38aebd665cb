using System.Text;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Applies a patch of <c>patches</c>: a strategic merge or JSON 6902 patch, in the file or from another, with or without a target.</summary>
internal sealed class PatchTransformer : ITransformer
{
    private readonly FieldReader _config;
    private readonly Selector? _target;
    private readonly byte[]? _operations;
    private readonly IReadOnlyList<Resource> _patches = [];

    public PatchTransformer(FieldReader config, FileLoader loader, ResourceFactory factory)
    {
        _config = config.Require("path", "patch", "target", "options");
        _target = config.Selector("target");
        var inline = config.Text("patch").Trim();
        var path = config.Text("path");
        if (inline.Length == 0 == (path.Length == 0))
            throw new KustomizeException($"{config.Place}: {(path.Length == 0 ? "either path or patch is required" : "path and patch cannot both be given")}");
        var (text, source) = inline.Length > 0 ? (Encoding.UTF8.GetBytes(inline), $"{config.Place}.patch") : (Load(path, loader), $"{config.Place} ({path})");
        if (IsList(text, source))
        {
            _operations = PatchText.Operations(text, source);
            return;
        }
        var options = config.Object("options");
        _patches = [.. factory.Read(text, source).Select(patch => new Resource(patch.Node, patch.Source, factory.Schemas)
        {
            AllowsNameChange = options?.Flag("allowNameChange") ?? false,
            AllowsKindChange = options?.Flag("allowKindChange") ?? false,
        })];
        if (_patches.Count == 0)
            throw new KustomizeException($"{source}: the patch is empty");
    }

    public void Transform(ResMap resources)
    {
        if (_operations is not null)
            TransformJson6902(resources, _operations);
        else
            TransformStrategicMerge(resources);
    }

    private void TransformStrategicMerge(ResMap resources)
    {
        if (_target is not null)
        {
            if (_patches.Count > 1)
                throw _config.Error("target", $"one patch is expected beside a target, found {_patches.Count}");
            ApplyTo(resources, _patches[0], resources.Select(_target));
            return;
        }
        foreach (var patch in _patches)
            FindTarget(resources, patch).ApplyStrategicMergePatch(patch, patch.Node.Clone());
    }

    /// <summary>Applies one patch to several resources; its kind and name say nothing.</summary>
    internal static void ApplyTo(ResMap resources, Resource patch, IReadOnlyList<Resource> targets)
    {
        foreach (var target in targets)
        {
            // Upstream writes the labels and annotations of a patch anew, so that a null becomes the text "null" there.
            var copy = patch.Clone();
            copy.SetTexts("labels", patch.Labels);
            copy.SetTexts("annotations", patch.Annotations);
            copy.SetApiVersion(target.ApiVersion);
            target.ApplyStrategicMergePatch(copy, copy.Node);
        }
        resources.RemoveDeleted();
        resources.RequireDistinct();
    }

    /// <exception cref="KustomizeException">No resource, or more than one, has the identity of the patch.</exception>
    internal static Resource FindTarget(ResMap resources, Resource patch)
    {
        var id = patch.OriginalId;
        return resources.WithAnyId(id.Matches) switch
        {
            [var one] => one,
            [] => throw new KustomizeException($"{patch.Source}: no resource matches {id}"),
            var several => throw new KustomizeException($"{patch.Source}: {several.Count} resources match {id}: {string.Join(", ", several.Select(one => one.CurrentId))}"),
        };
    }

    private void TransformJson6902(ResMap resources, byte[] operations)
    {
        if (_target is null)
            throw _config.Error("target", "a JSON 6902 patch needs a target");
        foreach (var resource in resources.Select(_target))
        {
            resource.StorePreviousId();
            PatchText.Apply(resource, operations);
        }
    }

    private byte[] Load(string path, FileLoader loader)
    {
        try
        {
            return loader.Load(path);
        }
        catch (KustomizeException ex)
        {
            throw _config.Error("path", ex.Message);
        }
    }

    private static bool IsList(byte[] text, string source) => YamlReader.Read(text, source) is [var (node, _)] && node.Kind == NodeKind.Sequence;
}
