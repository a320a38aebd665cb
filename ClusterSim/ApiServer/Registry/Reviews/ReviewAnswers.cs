using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Reviews;

/// <summary>What the answers of all reviews have in common: the question, its managed fields, and a status.</summary>
internal static class ReviewAnswers
{
    /// <summary>The question with the answer in it.</summary>
    public static WriteResult Answer(this ApiServer server, in RequestTarget target, JsonObject body, WriteOptions options, JsonObject status)
    {
        body["apiVersion"] = target.Resource.GroupVersion.ToString();
        body["kind"] = target.Resource.Kind;
        body.Remove("status");
        body.Ensure("metadata");
        if (options.FieldManager is { } manager && body["spec"] is JsonObject { Count: > 0 })
            server.Fields.RecordUpdate(body, default, manager, null, server.Clock.GetUtcNow());
        body["status"] = status;
        return new WriteResult(Document.Unstored(target.Resource.GroupResource, body), 201, []) { Answer = body };
    }

    /// <summary>A user as reviews tell of it.</summary>
    public static JsonObject ToJson(this UserInfo user) => Object(
        ("username", user.Name.Length == 0 ? null : user.Name),
        ("uid", user.Uid.Length == 0 ? null : user.Uid),
        ("groups", user.Groups.Count == 0 ? null : Texts(user.Groups)),
        ("extra", user.Extra.Count == 0 ? null : Object([.. user.Extra.Select(field => (field.Key, (JsonNode?)Texts(field.Value)))])));

    /// <summary>The strings of an array.</summary>
    public static IReadOnlyList<string> Texts(JsonElement array) => [.. array.Items().Select(item => item.Text(""))];

    /// <summary>An array of strings.</summary>
    public static JsonArray Texts(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);
}
