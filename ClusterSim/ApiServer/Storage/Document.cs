using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Storage;

/// <summary>
/// One stored version of an object: immutable UTF-8 JSON beside the few fields everybody asks for. What is read off the wire is these
/// bytes; readers inside share one view, parsed at first need.
/// </summary>
internal sealed class Document
{
    private static readonly GroupResource Pods = new("", "pods");
    private static readonly string[] TypeFields = ["kind", "apiVersion"];

    private volatile View? _view;

    private Document(GroupResource resource, JsonElement metadata, byte[] utf8, long revision)
    {
        Resource = resource;
        Utf8 = utf8;
        Revision = revision;
        Name = metadata.At("name").Text("");
        Namespace = metadata.At("namespace").Text();
        Uid = metadata.At("uid").Text("");
        Labels = metadata.At("labels").TextMap();
        IsDeleting = metadata.At("deletionTimestamp").Exists();
        foreach (var owner in metadata.At("ownerReferences").Items())
            if (owner.At("controller").Flag(false))
                ControllerUid = owner.At("uid").Text();
    }

    /// <summary>The node a pod is bound to; null for other objects and pods that are not bound.</summary>
    public string? NodeName { get; private init; }

    /// <summary>What it is stored under.</summary>
    public GroupResource Resource { get; }

    /// <summary>Its namespace; null for a cluster-scoped object.</summary>
    public string? Namespace { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its uid.</summary>
    public string Uid { get; }

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>The uid of the owner that is its controller; null where none is.</summary>
    public string? ControllerUid { get; }

    /// <summary>Whether it has a deletion timestamp.</summary>
    public bool IsDeleting { get; }

    /// <summary>The store's revision that wrote it: its <c>resourceVersion</c>.</summary>
    public long Revision { get; }

    /// <summary>The whole object, resourceVersion included.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>What stands behind <c>kind</c> and <c>apiVersion</c>, closing brace included: an item of a list is a brace and this.</summary>
    public ReadOnlyMemory<byte> AfterType => Utf8[AfterTypeOffset..];

    private int AfterTypeOffset { get; init; }

    /// <summary>The whole object, to read.</summary>
    public JsonElement Root
    {
        get
        {
            // Two readers may both parse: the views are equal, and one is dropped. JsonElement? is too large to swap at once, hence the box.
            if (_view is { } view)
                return view.Element;
            var parsed = new View(JsonElement.Parse(Utf8.Span));
            _view = parsed;
            return parsed.Element;
        }
    }

    /// <summary><c>metadata</c>, to read.</summary>
    public JsonElement Metadata => Root.At("metadata");

    /// <summary><c>spec</c>, to read.</summary>
    public JsonElement Spec => Root.At("spec");

    /// <summary><c>status</c>, to read.</summary>
    public JsonElement Status => Root.At("status");

    /// <summary>Namespace and name.</summary>
    public ObjectKey Key => new(Namespace, Name);

    /// <summary>A copy to change.</summary>
    public JsonObject ToObject() => Root.ToObject();

    /// <summary>The object as it is stored by <paramref name="revision"/>: its resourceVersion is set, nothing else changes.</summary>
    public static Document From(GroupResource resource, JsonObject @object, long revision)
    {
        @object.Ensure("metadata")["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture);
        return Written(resource, @object, revision);
    }

    /// <summary>An object that was not stored: the answer to a dry run. It has no resourceVersion unless it had one.</summary>
    public static Document Unstored(GroupResource resource, JsonObject @object)
    {
        return Written(resource, @object, 0);
    }

    /// <summary>The same stored state in another form (version, defaults): under its revision.</summary>
    public Document Shown(JsonObject @as) => Written(Resource, @as, Revision);

    // Kind and version come first, so that a list can write its items without them by leaving out the head (as Kubernetes' lists do).
    private static Document Written(GroupResource resource, JsonObject @object, long revision)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        int head;
        using (var writer = new Utf8JsonWriter(buffer, JsonBuilding.WriterOptions))
        {
            writer.WriteStartObject();
            foreach (var first in TypeFields)
                if (@object[first] is { } value)
                {
                    writer.WritePropertyName(first);
                    value.WriteTo(writer);
                }
            head = (int)writer.BytesCommitted + writer.BytesPending;
            foreach (var (name, value) in @object)
            {
                if (name is "kind" or "apiVersion")
                    continue;
                writer.WritePropertyName(name);
                if (value is null)
                    writer.WriteNullValue();
                else
                    value.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        var utf8 = buffer.WrittenSpan.ToArray();
        var root = JsonElement.Parse(utf8);
        return new Document(resource, root.At("metadata"), utf8, revision)
        {
            _view = new View(root),
            // After the head comes a comma, or the end where there is nothing else.
            AfterTypeOffset = head > 1 && utf8[head] == (byte)',' ? head + 1 : head,
            NodeName = resource == Pods ? root.At("spec", "nodeName").Text() : null,
        };
    }

    private sealed class View(JsonElement element)
    {
        public JsonElement Element { get; } = element;
    }
}
