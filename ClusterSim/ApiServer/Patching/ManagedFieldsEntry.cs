using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Patching;

/// <summary>Who owns fields: one entry of <c>metadata.managedFields</c>.</summary>
internal sealed record ManagedFieldsEntry
{
    /// <summary>The operation of an entry that applies.</summary>
    public const string Apply = "Apply";

    /// <summary>The operation of every other entry.</summary>
    public const string Update = "Update";

    /// <summary>Who.</summary>
    public required string Manager { get; init; }

    /// <summary><see cref="Apply"/> or <see cref="Update"/>.</summary>
    public required string Operation { get; init; }

    /// <summary>The version in which the fields are named.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Through which subresource; null for the object itself.</summary>
    public string? Subresource { get; init; }

    /// <summary>When last changed, as written; null where untold.</summary>
    public string? Time { get; init; }

    /// <summary>The fields owned.</summary>
    public required FieldSet Fields { get; init; }

    /// <summary>Who it is: an applier is the same whatever version it applies in.</summary>
    public (string Manager, string Operation, string ApiVersion, string? Subresource) Identity =>
        (Manager, Operation, Operation == Apply ? "" : ApiVersion, Subresource);

    /// <summary>As conflicts name it.</summary>
    public string Told
    {
        get
        {
            var told = $"\"{Manager}\"";
            if (Subresource is not null)
                told += $" with subresource \"{Subresource}\"";
            return Operation == Update ? $"{told} using {ApiVersion}" : told;
        }
    }

    /// <summary>Reads <c>metadata.managedFields</c>; null where it is not readable, which Kubernetes takes as if it were not there.</summary>
    public static List<ManagedFieldsEntry>? Read(JsonElement entries)
    {
        var result = new List<ManagedFieldsEntry>();
        foreach (var entry in entries.Items())
        {
            if (entry.At("operation").Text() is not (Apply or Update) || entry.At("fieldsType").Text("FieldsV1") != "FieldsV1"
                || FieldSet.FromFieldsV1(entry.At("fieldsV1")) is not { } fields)
                return null;
            result.Add(new ManagedFieldsEntry
            {
                Manager = entry.At("manager").Text(""),
                Operation = entry.At("operation").Text(""),
                ApiVersion = entry.At("apiVersion").Text(""),
                Subresource = entry.At("subresource").Text() is { Length: > 0 } subresource ? subresource : null,
                Time = entry.At("time").Text(),
                Fields = fields,
            });
        }
        return result;
    }

    /// <summary>As it is written.</summary>
    public JsonObject ToJson() => JsonBuilding.Object(
        ("manager", Manager),
        ("operation", Operation),
        ("apiVersion", ApiVersion),
        ("time", Time),
        ("fieldsType", "FieldsV1"),
        ("fieldsV1", Fields.ToFieldsV1()),
        ("subresource", Subresource));

    /// <summary>Puts entries into an object in Kubernetes' order; takes the field out where there are none.</summary>
    public static void Write(JsonObject @object, IEnumerable<ManagedFieldsEntry> entries)
    {
        var written = new JsonArray();
        foreach (var entry in entries
            .Where(entry => !entry.Fields.IsEmpty)
            .OrderBy(entry => entry.Operation, StringComparer.Ordinal)
            .ThenBy(entry => entry.Time, StringComparer.Ordinal)
            .ThenBy(entry => entry.Manager, StringComparer.Ordinal)
            .ThenBy(entry => entry.ApiVersion, StringComparer.Ordinal)
            .ThenBy(entry => entry.Subresource, StringComparer.Ordinal))
            written.Add(entry.ToJson());
        var metadata = @object.Ensure("metadata");
        if (written.Count == 0)
            metadata.Remove("managedFields");
        else
            metadata["managedFields"] = written;
    }
}
