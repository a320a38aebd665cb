using System.Collections.Concurrent;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Client;

/// <summary>
/// Tells people what happened to an object, as client-go's recorder does. A like event (same object, type, reason and message) is counted,
/// not repeated. Of those that differ only in their message, the tenth within ten minutes and all after it are one, <c>(combined from similar events)</c>.
/// Of one object no more than 25 are told at once, then one in five minutes. Nothing is told of objects whose namespace is gone.
/// </summary>
internal sealed class EventRecorder(ApiClient client, string component, string? host, TimeProvider clock)
{
    // client-go forgets by an LRU of this size; we forget all at once, which only makes counts start anew.
    private const int RememberedMax = 4096;
    private const int SimilarMax = 10;
    private const int Burst = 25;
    private static readonly TimeSpan SimilarFor = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<(string Uid, string FieldPath, string Type, string Reason, string Message), string> _told = new();
    private readonly Dictionary<(string Uid, string Type, string Reason), (HashSet<string> Messages, DateTimeOffset Last)> _similar = [];
    private readonly Dictionary<string, (double Tokens, DateTimeOffset Last)> _budget = new(StringComparer.Ordinal);
    private readonly ResourceType _events = client.Resource("events");

    /// <summary>Tells of something that went as it should.</summary>
    public void Normal(Document about, string reason, string message, string fieldPath = "") => Tell(about, "Normal", reason, message, fieldPath);

    /// <summary>Tells of something that did not.</summary>
    public void Warning(Document about, string reason, string message, string fieldPath = "") => Tell(about, "Warning", reason, message, fieldPath);

    private void Tell(Document about, string type, string reason, string message, string fieldPath)
    {
        var at = clock.GetUtcNow();
        var like = (about.Uid, fieldPath, type, reason, message);
        lock (_lock)
        {
            if (_told.Count >= RememberedMax || _similar.Count >= RememberedMax || _budget.Count >= RememberedMax)
            {
                _told.Clear();
                _similar.Clear();
                _budget.Clear();
            }
            if (IsOneOfMany(about.Uid, type, reason, message, at))
            {
                message = $"(combined from similar events): {message}";
                like = (about.Uid, fieldPath, type, reason, "(combined)");
            }
            if (!MayTell(about.Uid, at))
                return;
        }
        var @namespace = about.Namespace ?? "default";
        var now = at.Stamp();
        var root = about.Root;
        try
        {
            if (_told.TryGetValue(like, out var name))
            {
                var counted = client.Change(_events, new ObjectKey(@namespace, name), @event =>
                {
                    @event["count"] = (@event.Integer("count") ?? 1) + 1;
                    @event["message"] = message;
                    @event["lastTimestamp"] = now;
                    return true;
                });
                if (counted is not null)
                    return;
            }
            var made = Object(
                ("apiVersion", "v1"),
                ("kind", "Event"),
                ("metadata", Object(("name", client.Server.EventNames.Next(about.Name)), ("namespace", @namespace))),
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
                ("reportingComponent", component),
                ("reportingInstance", host ?? ""));
            made["eventTime"] = null;
            _told[like] = client.Create(_events, made).Name;
        }
        catch (KubernetesApiException ex) when (ex.Code is 403 or 404 or 409)
        {
            // 403, 404: the namespace is terminating. 409: other recorders count the same event. client-go's recorder drops the event as well.
        }
    }

    private bool IsOneOfMany(string uid, string type, string reason, string message, DateTimeOffset now)
    {
        var key = (uid, type, reason);
        if (!_similar.TryGetValue(key, out var similar) || now - similar.Last > SimilarFor)
            similar = (new HashSet<string>(StringComparer.Ordinal), now);
        similar.Messages.Add(message);
        _similar[key] = (similar.Messages, now);
        if (similar.Messages.Count < SimilarMax)
            return false;
        similar.Messages.Remove(similar.Messages.First());
        return true;
    }

    private bool MayTell(string uid, DateTimeOffset now)
    {
        var (tokens, last) = _budget.TryGetValue(uid, out var budget) ? budget : (Burst, now);
        tokens = Math.Min(Burst, tokens + ((now - last) / Refill));
        var may = tokens >= 1;
        _budget[uid] = (may ? tokens - 1 : tokens, now);
        return may;
    }
}
