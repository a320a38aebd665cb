using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Resources;

/// <summary>A target of patches: regular expressions, which match as a whole, and selectors of labels and annotations.</summary>
internal sealed class Selector
{
    private readonly GoRegex? _group;
    private readonly GoRegex? _version;
    private readonly GoRegex? _kind;
    private readonly GoRegex? _name;
    private readonly GoRegex? _namespace;
    private readonly LabelSelector _labels;
    private readonly LabelSelector _annotations;

    /// <exception cref="KustomizeException">An expression or a selector is malformed; the message names the field.</exception>
    public Selector(ResId id, string labelSelector, string annotationSelector)
    {
        Id = id;
        LabelSelectorText = labelSelector;
        AnnotationSelectorText = annotationSelector;
        _group = Pattern("group", id.Gvk.Group);
        _version = Pattern("version", id.Gvk.Version);
        _kind = Pattern("kind", id.Gvk.Kind);
        _name = Pattern("name", id.Name);
        _namespace = Pattern("namespace", id.Namespace);
        _labels = Labels("labelSelector", labelSelector);
        _annotations = Labels("annotationSelector", annotationSelector);
    }

    /// <summary>The expressions as they were written; replacements compare them as plain text.</summary>
    public ResId Id { get; }

    public string LabelSelectorText { get; }

    public string AnnotationSelectorText { get; }

    public bool Selects(Resource resource)
    {
        var current = resource.CurrentId;
        var original = resource.OriginalId;
        return (Matches(_namespace, original.EffectiveNamespace) || Matches(_namespace, current.EffectiveNamespace))
            && (Matches(_name, original.Name) || Matches(_name, current.Name))
            && Matches(_group, current.Gvk.Group) && Matches(_version, current.Gvk.Version) && Matches(_kind, current.Gvk.Kind)
            && SelectsLabelsAndAnnotations(resource);
    }

    public bool SelectsLabelsAndAnnotations(Resource resource) => _labels.Matches(resource.Labels) && _annotations.Matches(resource.Annotations);

    private static bool Matches(GoRegex? pattern, string text) => pattern is null || pattern.IsMatch(text);

    private static GoRegex? Pattern(string field, string pattern)
    {
        if (pattern.Length == 0)
            return null;
        var regex = new GoRegex($"^(?:{pattern})$");
        return regex.Complaint is { } complaint ? throw new KustomizeException($"{field}: \"{pattern}\" is no regular expression: {complaint}") : regex;
    }

    private static LabelSelector Labels(string field, string text)
    {
        try
        {
            return text.Length == 0 ? LabelSelector.Everything : LabelSelector.Parse(text);
        }
        catch (KubernetesApiException ex)
        {
            throw new KustomizeException($"{field}: \"{text}\": {ex.Message}");
        }
    }
}
