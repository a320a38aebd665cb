using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.CustomResources;

/// <summary>
/// What a CustomResourceDefinition says of one served version of its resource, as long as it says so: a change of the definition makes another one of
/// these, and ends this one.
/// </summary>
internal sealed class CustomResourceVersion : ICustomResourceSchema, IDisposable
{
    private readonly ConditionalWeakTable<Document, Document> _views = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly GroupVersionKind _kind;

    /// <summary>Reads a version.</summary>
    /// <param name="definition">The CustomResourceDefinition.</param>
    /// <param name="version">Its item of <c>spec.versions</c>.</param>
    /// <param name="types">The built-in types, for metadata.</param>
    public CustomResourceVersion(JsonElement definition, JsonElement version, TypeSchema types)
    {
        var spec = definition.At("spec");
        _kind = new(spec.At("group").Text(""), version.At("name").Text(""), spec.At("names", "kind").Text(""));
        Schema = StructuralSchema.Read(version.At("schema", "openAPIV3Schema"));
        Metadata = CustomTypes.Metadata(types);
        Envelope = CustomTypes.Envelope(Metadata);
        Type = CustomTypes.Of(_kind, Schema, types);
        HasStatus = version.At("subresources", "status").Exists();
        Scale = ScalePaths.Read(version.At("subresources", "scale"));
        Columns = PrinterColumns.Read(version.At("additionalPrinterColumns"));
        SelectableFields = [.. version.At("selectableFields").Items().Select(field => field.At("jsonPath").Text(""))];
        IsTerminating = definition.At("metadata", "deletionTimestamp").Exists();
        DeprecationWarning = Deprecation.Of(spec, version);
        Identity = $"{definition.At("metadata", "uid").Text()}/{definition.At("metadata", "generation").Integer(0)}";
        Strategy = new CustomResourceStrategy(_kind, this);
    }

    /// <summary>The schema; null where there is none, which then drops every field.</summary>
    public StructuralSchema? Schema { get; }

    /// <summary>The type of metadata.</summary>
    public FieldType Metadata { get; }

    /// <summary>The type that bodies are read by.</summary>
    public FieldType Envelope { get; }

    /// <summary>The type that apply works with.</summary>
    public ObjectType Type { get; }

    /// <summary>Whether it has the subresource <c>status</c>.</summary>
    public bool HasStatus { get; }

    /// <summary>Where <c>scale</c> finds its numbers; null where there is no such subresource.</summary>
    public ScalePaths? Scale { get; }

    /// <summary>What <c>kubectl get</c> prints.</summary>
    public PrinterColumns Columns { get; }

    /// <summary>The paths of the fields that field selectors may name.</summary>
    public IReadOnlyList<string> SelectableFields { get; }

    /// <summary>Whether the definition is being deleted: nothing is created any more.</summary>
    public bool IsTerminating { get; }

    /// <summary>What users of the version are told; null where it is not deprecated.</summary>
    public string? DeprecationWarning { get; }

    /// <summary>Which definition, and which of its generations, this is of.</summary>
    public string Identity { get; }

    /// <summary>The rules of its objects.</summary>
    public CustomResourceStrategy Strategy { get; }

    /// <summary>Is cancelled when the definition has changed or is gone: watches end then.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Brings an object into the shape of the schema, in place: unknown fields and nulls go, defaults come.</summary>
    /// <param name="object">The object; its kind is that of this version.</param>
    /// <param name="dropped">Where the paths of dropped fields are told; null where nobody asks.</param>
    /// <exception cref="DecodeException">Metadata of an embedded object is malformed.</exception>
    public void Coerce(JsonObject @object, List<string>? dropped = null)
    {
        Pruning.Prune(@object, Schema, isResource: true, dropped);
        Pruning.DropNulls(@object, Schema);
        EmbeddedResources.Coerce(@object, Schema, Metadata, dropped);
        Pruning.Default(@object, Schema);
    }

    /// <summary>A stored object as this version shows it: with the defaults of today, whenever it was written.</summary>
    public Document View(Document stored)
    {
        if (_views.TryGetValue(stored, out var known))
            return known;
        var @object = stored.ToObject();
        @object["apiVersion"] = _kind.GroupVersion.ToString();
        @object["kind"] = _kind.Kind;
        try
        {
            Coerce(@object);
        }
        catch (DecodeException)
        {
            // Written under another schema: shown as it is.
        }
        var view = JsonNode.DeepEquals(@object, stored.Root.ToNode()) ? stored : stored.Shown(@object);
        _views.AddOrUpdate(stored, view);
        return view;
    }

    /// <summary>Ends it: what streams from it stops.</summary>
    public void Dispose() => _ended.Cancel();
}
