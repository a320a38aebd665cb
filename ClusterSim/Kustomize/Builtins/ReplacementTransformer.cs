using System.Globalization;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Copies a field of one resource into fields of others.</summary>
internal sealed class ReplacementTransformer : ITransformer
{
    private const string DefaultFieldPath = "metadata.name";

    private readonly List<FieldReader> _replacements = [];

    public ReplacementTransformer(IEnumerable<FieldReader> replacements, FileLoader loader)
    {
        foreach (var replacement in replacements)
        {
            var path = replacement.Require("path", "source", "targets").Text("path");
            if (path.Length == 0)
                _replacements.Add(replacement);
            else if (replacement.Has("source") || replacement.Has("targets"))
                throw replacement.Error("path", "path and an inline replacement cannot both be given");
            else
                _replacements.AddRange(Load(replacement, path, loader));
        }
    }

    public void Transform(ResMap resources)
    {
        foreach (var replacement in _replacements)
        {
            var source = replacement.Object("source") ?? throw replacement.Error("source", "a source is required");
            if (!replacement.Has("targets"))
                throw replacement.Error("targets", "at least one target is required");
            var value = Source(source, resources);
            foreach (var target in replacement.Objects("targets"))
                Apply(target, value, resources);
        }
    }

    private static RNode Source(FieldReader source, ResMap resources)
    {
        source.Require("group", "version", "kind", "name", "namespace", "fieldPath", "options");
        var selector = source.ResId();
        var resource = resources.Resources.Where(resource => Ids(resource).Any(id => id.IsSelectedBy(selector))).ToList() switch
        {
            [var one] => one,
            [] => throw new KustomizeException($"{source.Place}: no resource is selected"),
            var several => throw new KustomizeException($"{source.Place}: one resource is expected, found {string.Join(", ", several.Select(one => one.CurrentId))}"),
        };
        var path = source.Text("fieldPath") is { Length: > 0 } given ? given : DefaultFieldPath;
        var node = Found(source, "fieldPath", () => PathGetter.Lookup(resource.Node, PathSplitter.SplitFieldPath(path)));
        if (RNode.IsNilOrEmpty(node))
            throw source.Error("fieldPath", $"{resource.CurrentId} has no field \"{path}\"");
        var options = Options(source);
        var delimiter = options?.Text("delimiter") ?? "";
        if (delimiter.Length == 0)
            return node!;
        if (node!.Kind != NodeKind.Scalar)
            throw options!.Error("delimiter", $"a scalar is expected in \"{path}\", found {node.Describe()}");
        var parts = node.Value.Split(delimiter);
        var index = options!.Integer("index");
        if (index < 0 || index >= parts.Length)
            throw options.Error("index", $"\"{node.Value}\" has {parts.Length} parts, found {index.ToString(CultureInfo.InvariantCulture)}");
        return RNode.Scalar(parts[index], node.Tag, node.IsQuoted);
    }

    private static void Apply(FieldReader target, RNode value, ResMap resources)
    {
        target.Require("select", "reject", "fieldPaths", "options");
        var select = target.Selector("select") ?? throw target.Error("select", "a selector is required");
        var reject = target.Objects("reject").Select(rejected => rejected.AsSelector()).ToList();
        var paths = target.Texts("fieldPaths") is { Count: > 0 } given ? given : [DefaultFieldPath];
        foreach (var resource in resources.Resources)
        {
            if (!select.SelectsLabelsAndAnnotations(resource)
                || reject.Exists(one => one.LabelSelectorText.Length + one.AnnotationSelectorText.Length > 0 && one.SelectsLabelsAndAnnotations(resource)))
                continue;
            var ids = Ids(resource).ToList();
            if (!ids.Exists(id => id.IsSelectedBy(select.Id)) || reject.Exists(one => !IsEmpty(one.Id) && ids.Exists(id => id.IsSelectedBy(one.Id))))
                continue;
            foreach (var path in paths)
                Copy(target, resource, path, value);
        }
    }

    private static void Copy(FieldReader target, Resource resource, string path, RNode value)
    {
        var options = Options(target);
        NodeKind? create = options?.Flag("create") == true ? value.Kind : null;
        var fields = Found(target, "fieldPaths", () => new PathMatcher(create).Match(resource.Node, PathSplitter.SplitFieldPath(path)));
        if (fields.Count == 0)
            throw target.Error("fieldPaths", $"{resource.CurrentId} has no field \"{path}\"{(create is null ? "; options.create: true adds it" : "")}");
        foreach (var field in fields)
            Set(field, value.Clone(), options, path);
    }

    private static void Set(RNode field, RNode value, FieldReader? options, string path)
    {
        var delimiter = options?.Text("delimiter") ?? "";
        if (delimiter.Length > 0)
        {
            if (field.Kind != NodeKind.Scalar)
                throw options!.Error("delimiter", $"a scalar is expected in \"{path}\", found {field.Describe()}");
            var parts = field.Value.Split(delimiter).ToList();
            var index = options!.Integer("index");
            if (index < 0)
                parts.Insert(0, value.Value);
            else if (index >= parts.Count)
                parts.Add(value.Value);
            else
                parts[(int)index] = value.Value;
            value.Value = string.Join(delimiter, parts);
        }
        // A scalar takes the text alone: a string becomes a number where there was one, and the reverse.
        if (field.Kind == NodeKind.Scalar)
            field.Value = value.Value;
        else
            field.SetNode(value);
    }

    private static IEnumerable<ResId> Ids(Resource resource) => resource.PreviousIds.Prepend(new ResId(resource.Gvk, resource.Name, resource.Namespace));

    private static bool IsEmpty(ResId id) => id.Name.Length + id.Namespace.Length + id.Gvk.Group.Length + id.Gvk.Version.Length + id.Gvk.Kind.Length == 0;

    private static FieldReader? Options(FieldReader owner) => owner.Object("options")?.Require("delimiter", "index", "encoding", "create");

    private static T Found<T>(FieldReader reader, string field, Func<T> find)
    {
        try
        {
            return find();
        }
        catch (KustomizeException ex)
        {
            throw reader.Error(field, ex.Message);
        }
    }

    private static IEnumerable<FieldReader> Load(FieldReader replacement, string path, FileLoader loader)
    {
        try
        {
            var content = loader.Load(path);
            return PatchText.Operations(content, path) is { } list
                ? new FieldReader(new System.Text.Json.Nodes.JsonObject { ["list"] = System.Text.Json.Nodes.JsonNode.Parse(list) }, path, isStrict: false).Objects("list")
                : [FieldReader.Parse(content, path, isStrict: false)];
        }
        catch (KustomizeException ex)
        {
            throw replacement.Error("path", ex.Message);
        }
    }
}
