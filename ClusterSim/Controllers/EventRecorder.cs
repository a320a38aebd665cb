using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ClusterSim.Api;
using ClusterSim.Json;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Json.JsonBuilding;

namespace ClusterSim.Controllers;

/// <summary>
/// Tells people what happened to an object, as client-go's recorder does: a like event (same source, object, type, reason and message)
/// is counted, not repeated. Nothing is told of objects whose namespace is gone.
/// </summary>
internal sealed class EventRecorder(ApiClient client, string component, string? host, TimeProvider clock)
{
    // client-go forgets by an LRU of this size; we forget all at once, which only makes a count start anew.
    private const int RememberedMax = 4096;

    private readonly ConcurrentDictionary<(string Uid, string FieldPath, string Type, string Reason, string Message), string> _told = new();
    private readonly ResourceType _events = client.Resource("events");

    /// <summary>Tells of something that went as it should.</summary>
    public void Normal(Document about, string reason, string message, string fieldPath = "") => Tell(about, "Normal", reason, message, fieldPath);

    /// <summary>Tells of something that did not.</summary>
    public void Warning(Document about, string reason, string message, string fieldPath = "") => Tell(about, "Warning", reason, message, fieldPath);

    private void Tell(Document about, string type, string reason, string message, string fieldPath)
    {
        var like = (about.Uid, fieldPath, type, reason, message);
        var @namespace = about.Namespace ?? "default";
        var now = clock.GetUtcNow().Stamp();
        if (_told.TryGetValue(like, out var name))
        {
            var counted = client.Change(_events, new ObjectKey(@namespace, name), @event =>
            {
                @event["count"] = (@event.Integer("count") ?? 1) + 1;
                @event["lastTimestamp"] = now;
                return true;
            });
            if (counted is not null)
                return;
        }
        if (_told.Count >= RememberedMax)
            _told.Clear();
        var root = about.Root;
        try
        {
            var made = client.Create(_events, Object(
                ("apiVersion", "v1"),
                ("kind", "Event"),
                ("metadata", Object(("name", $"{about.Name}.{client.Server.Random.NextUid().Replace("-", "", StringComparison.Ordinal)[..16]}"), ("namespace", @namespace))),
                ("involvedObject", Object(
                    ("kind", root.At("kind").Text()),
                    ("namespace", about.Namespace),
                    ("name", about.Name),
                    ("uid", about.Uid),
                    ("apiVersion", root.At("apiVersion").Text()),
                    ("resourceVersion", root.At("metadata", "resourceVersion").Text()),
                    ("fieldPath", fieldPath.Length == 0 ? null : fieldPath))),
                ("reason", reason),
                ("message", message),
                ("source", Object(("component", component), ("host", host))),
                ("firstTimestamp", now),
                ("lastTimestamp", now),
                ("count", 1),
                ("type", type),
                ("eventTime", null),
                ("reportingComponent", component),
                ("reportingInstance", host ?? "")));
            _told[like] = made.Name;
        }
        catch (ApiException refused) when (refused.Code is 403 or 404)
        {
            // The namespace is ending: events about its last moments have nowhere to go, as on a real cluster.
        }
    }
}
