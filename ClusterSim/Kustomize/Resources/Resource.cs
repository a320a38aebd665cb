using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Resources;

/// <summary>
/// An object that remembers its former names, namespaces, prefixes and suffixes, so that references to it are found after it was renamed. Upstream keeps
/// these in annotations while it builds.
/// </summary>
/// <param name="node">The object.</param>
/// <param name="source">The place of the object, for messages.</param>
/// <param name="openApi">The schemas of the kinds.</param>
internal sealed class Resource(RNode node, string source, OpenApiSchema openApi)
{
    private readonly List<(string Kind, string Name, string Namespace)> _previous = [];
    private readonly List<string> _prefixes = [];
    private readonly List<string> _suffixes = [];

    public RNode Node { get; private set; } = node;

    public string Source { get; } = source;

    /// <summary>Whether a patch deleted the object.</summary>
    public bool IsDeleted { get; private set; }

    public bool NeedsHashSuffix { get; set; }

    public bool IsGenerated { get; set; }

    public GeneratorBehavior Behavior { get; set; }

    /// <summary>For patches: whether the name may change.</summary>
    public bool AllowsNameChange { get; init; }

    /// <summary>For patches: whether the kind may change.</summary>
    public bool AllowsKindChange { get; init; }

    /// <summary>The names of the vars that take their value from this object.</summary>
    public List<string> RefVarNames { get; } = [];

    public Origin? Origin { get; set; }

    public List<Origin> Transformations { get; } = [];

    public IReadOnlyList<string> Prefixes => _prefixes;

    public IReadOnlyList<string> Suffixes => _suffixes;

    public string ApiVersion => Node.Text("apiVersion");

    public string Kind => Node.Text("kind");

    public string Name => Metadata("name");

    public string Namespace => Metadata("namespace");

    public Gvk Gvk => Gvk.Parse(ApiVersion, Kind);

    public ResId CurrentId => new(Gvk, Name, Namespace, openApi.IsCertainlyClusterScoped(ApiVersion, Kind));

    public IReadOnlyList<ResId> PreviousIds
    {
        get
        {
            var (group, version, _) = Gvk;
            return [.. _previous.Select(id => new ResId(new Gvk(group, version, id.Kind), id.Name, id.Namespace))];
        }
    }

    /// <summary>The identity the object was read with.</summary>
    public ResId OriginalId => _previous.Count == 0 ? CurrentId : PreviousIds[0];

    public IReadOnlyDictionary<string, string> Labels => Texts("labels");

    public IReadOnlyDictionary<string, string> Annotations => Texts("annotations");

    /// <summary>Whether upstream keeps anything of this resource in its annotations.</summary>
    public bool HasBuildAnnotations => _previous.Count + _prefixes.Count + _suffixes.Count > 0 || IsGenerated || Origin is not null;

    /// <summary>Remembers the present identity as a former one.</summary>
    public void StorePreviousId()
    {
        var id = CurrentId;
        _previous.Add((id.Gvk.Kind, id.Name, id.EffectiveNamespace));
    }

    public void AddNamePrefix(string prefix)
    {
        if (prefix.Length > 0)
            _prefixes.Add(prefix);
    }

    public void AddNameSuffix(string suffix)
    {
        if (suffix.Length > 0)
            _suffixes.Add(suffix);
    }

    /// <summary>Returns whether two resources went through the same prefixes and suffixes last; empty ones agree with any where allowed.</summary>
    public bool HasSamePrefixesAndSuffixes(Resource other, bool allowEmpty) =>
        Agree(_prefixes, other._prefixes, allowEmpty) && Agree(_suffixes, other._suffixes, allowEmpty);

    public void SetName(string name) => SetScalar(Node.Ensure("metadata"), "name", name);

    public void SetKind(string kind) => SetScalar(Node, "kind", kind);

    public void SetApiVersion(string apiVersion) => SetScalar(Node, "apiVersion", apiVersion);

    public void SetNamespace(string @namespace)
    {
        if (@namespace.Length == 0)
            Node.Get("metadata")?.Clear("namespace");
        else
            SetScalar(Node.Ensure("metadata"), "namespace", @namespace);
    }

    /// <summary>Writes a map of strings into the metadata; values become strings, an empty map removes the field.</summary>
    public void SetTexts(string field, IEnumerable<KeyValuePair<string, string>> texts)
    {
        var metadata = Node.Ensure("metadata");
        metadata.Clear(field);
        var map = RNode.Mapping();
        foreach (var (key, value) in texts.OrderBy(text => text.Key, StringComparer.Ordinal))
            map.Set(key, RNode.Str(value));
        if (map.Fields.Count > 0)
            metadata.Set(field, map);
    }

    public void SetNode(RNode replaced) => Node = replaced;

    /// <summary>Applies a strategic merge patch. Name, namespace and kind stay, unless the patch may change them.</summary>
    public void ApplyStrategicMergePatch(Resource patch, RNode patchNode)
    {
        var (kind, name, @namespace) = (Kind, Name, Namespace);
        if (patch.AllowsNameChange || patch.AllowsKindChange)
            StorePreviousId();
        var merged = new StrategicMerge(openApi).Merge(Node, patchNode);
        if (RNode.IsNilOrEmpty(merged))
        {
            IsDeleted = true;
            return;
        }
        Node = merged!;
        if (!patch.AllowsKindChange)
            SetKind(kind);
        if (!patch.AllowsNameChange)
            SetName(name);
        SetNamespace(@namespace);
    }

    /// <summary>Takes labels, annotations, names and history from the object that this one replaces; its own labels and annotations win.</summary>
    public void CopyMetadataFrom(Resource other)
    {
        SetTexts("labels", Merged(other.Labels, Labels));
        SetTexts("annotations", Merged(other.Annotations, Annotations));
        SetName(other.Name);
        SetNamespace(other.Namespace);
        NeedsHashSuffix = NeedsHashSuffix && other.NeedsHashSuffix;
        Behavior = other.Behavior;
        Replace(_previous, other._previous);
        Replace(_prefixes, other._prefixes);
        Replace(_suffixes, other._suffixes);
        RefVarNames.Clear();
        RefVarNames.AddRange(other.RefVarNames);
    }

    /// <summary>Returns a copy of a patch, which has no history.</summary>
    public Resource Clone() => new(Node.Clone(), Source, openApi) { AllowsNameChange = AllowsNameChange, AllowsKindChange = AllowsKindChange };

    public static IEnumerable<KeyValuePair<string, string>> Merged(IReadOnlyDictionary<string, string> first, IReadOnlyDictionary<string, string> winning)
    {
        var result = new Dictionary<string, string>(first, StringComparer.Ordinal);
        foreach (var (key, value) in winning)
            result[key] = value;
        return result;
    }

    private string Metadata(string field) => Node.Get("metadata") is { Kind: NodeKind.Mapping } metadata ? metadata.Text(field) : "";

    private Dictionary<string, string> Texts(string field)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in Node.Get("metadata", field)?.Fields ?? [])
            texts[key] = value.Value;
        return texts;
    }

    private static void SetScalar(RNode parent, string field, string value)
    {
        if (parent.Get(field) is { Kind: NodeKind.Scalar } found)
            found.SetScalar(value, ScalarTag.None);
        else
            parent.Set(field, RNode.Scalar(value));
    }

    private static bool Agree(List<string> first, List<string> second, bool allowEmpty)
    {
        if (allowEmpty && (first.Count == 0 || second.Count == 0))
            return true;
        var shared = Math.Min(first.Count, second.Count);
        return first.Skip(first.Count - shared).SequenceEqual(second.Skip(second.Count - shared)) && (shared > 0 || first.Count == second.Count);
    }

    private static void Replace<T>(List<T> list, List<T> by)
    {
        if (ReferenceEquals(list, by))
            return;
        list.Clear();
        list.AddRange(by);
    }
}
