using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace ClusterSim.Schema.Protobuf;

/// <summary>
/// The messages of Kubernetes' protobuf form: for each definition, its fields by number (<c>protobuf-fields.json.gz</c>, see
/// eng/update-protobuf-fields.py). Messages are read at first need and shared; reading is thread-safe.
/// </summary>
internal sealed class ProtobufFields
{
    private static readonly Lazy<ProtobufFields> Embedded = new(Read);

    private readonly JsonElement _messages;
    private readonly ConcurrentDictionary<string, IReadOnlyDictionary<int, ProtobufField>?> _read = new(StringComparer.Ordinal);

    private ProtobufFields(JsonElement messages) => _messages = messages;

    /// <summary>The embedded table, unpacked at first need.</summary>
    public static ProtobufFields Default => Embedded.Value;

    /// <summary>The full names of all messages.</summary>
    public IEnumerable<string> Names => _messages.EnumerateObject().Select(message => message.Name);

    /// <summary>The fields of a message by number; null where there is no such message.</summary>
    public IReadOnlyDictionary<int, ProtobufField>? Find(string message) => _read.GetOrAdd(message, name =>
        _messages.TryGetProperty(name, out var fields)
            ? fields.EnumerateObject().ToDictionary(field => int.Parse(field.Name, CultureInfo.InvariantCulture), field => ProtobufField.Parse(field.Value.Text("")))
            : null);

    private static ProtobufFields Read()
    {
        const string name = "protobuf-fields.json.gz";
        using var stream = typeof(ProtobufFields).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the resource {name} is missing from ClusterSim's assembly");
        using var unzipped = new GZipStream(stream, CompressionMode.Decompress);
        using var buffer = new MemoryStream(256 * 1024);
        unzipped.CopyTo(buffer);
        return new ProtobufFields(JsonElement.Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}

/// <summary>How often a field may occur.</summary>
internal enum ProtobufLabel
{
    /// <summary>Once; where it comes again, the last one holds.</summary>
    Single,

    /// <summary>Each occurrence is an item of a list.</summary>
    Repeated,

    /// <summary>Each occurrence is an entry of a map: a message of key (1) and value (2).</summary>
    Map,
}

/// <summary>One field of a message.</summary>
/// <param name="Name">Its name in JSON; empty where the message is embedded, and its fields are the parent's.</param>
/// <param name="Label">How often it occurs.</param>
/// <param name="IsList">Whether a value is a message that only wraps a list: items (1).</param>
/// <param name="Type">A scalar's name, or a message's full name.</param>
internal sealed record ProtobufField(string Name, ProtobufLabel Label, bool IsList, string Type)
{
    /// <summary>Reads the notation of eng/update-protobuf-fields.py.</summary>
    public static ProtobufField Parse(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var type = text[(space + 1)..];
        var label = Take("[]") ? ProtobufLabel.Repeated : Take("map[string]") ? ProtobufLabel.Map : ProtobufLabel.Single;
        var isList = Take("list[]");
        return new ProtobufField(text[..space], label, isList, type);

        bool Take(string prefix)
        {
            if (!type.StartsWith(prefix, StringComparison.Ordinal))
                return false;
            type = type[prefix.Length..];
            return true;
        }
    }
}
