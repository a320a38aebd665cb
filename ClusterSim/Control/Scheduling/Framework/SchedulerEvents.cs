using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Scheduling.Framework;

/// <summary>
/// Records events as the scheduler does, in the form of <c>events.k8s.io</c>: a time in microseconds, an action, and a series instead of a count
/// (<c>client-go/tools/events</c>).
/// </summary>
internal sealed class SchedulerEvents(ApiClient client, string component, TimeProvider clock)
{
    private const int RecordedMax = 4096;

    private readonly ResourceType _events = client.Resource("events");
    private readonly ConcurrentDictionary<(string Uid, string Version, string Reason, string Message), ObjectKey> _recorded = new();

    /// <summary>Records a Normal event.</summary>
    public void Normal(Document about, string reason, string action, string message) => Record(about, "Normal", reason, action, message);

    /// <summary>Records a Warning event.</summary>
    public void Warning(Document about, string reason, string action, string message) => Record(about, "Warning", reason, action, message);

    private void Record(Document about, string type, string reason, string action, string message)
    {
        var now = clock.GetUtcNow();
        var version = about.Metadata.At("resourceVersion").Text("");
        var key = (about.Uid, version, reason, message);
        var @event = Object(
            ("apiVersion", "v1"),
            ("kind", "Event"),
            ("metadata", Object(("name", client.Server.EventNames.Next(about.Name)), ("namespace", about.Namespace))),
            ("involvedObject", Object(
                ("kind", about.Root.At("kind").Text()), ("namespace", about.Namespace), ("name", about.Name), ("uid", about.Uid),
                ("apiVersion", about.Root.At("apiVersion").Text()), ("resourceVersion", version))),
            ("reason", reason),
            ("message", message),
            ("source", new JsonObject()),
            ("type", type),
            ("eventTime", now.StampMicro()),
            ("action", action),
            ("reportingComponent", component),
            ("reportingInstance", component));
        @event["firstTimestamp"] = null;
        @event["lastTimestamp"] = null;
        try
        {
            if (type == "Warning" && _recorded.TryGetValue(key, out var recorded) && client.Change(_events, recorded, @event =>
            {
                var series = @event.Ensure("series");
                series["count"] = (series.Integer("count") ?? 1) + 1;
                series["lastObservedTime"] = now.StampMicro();
                return true;
            }) is not null)
                return;
            var created = client.Create(_events, @event);
            if (type != "Warning")
                return;
            if (_recorded.Count >= RecordedMax)
                _recorded.Clear();
            _recorded[key] = created.Key;
        }
        catch (KubernetesApiException ex) when (ex.Code is 403 or 404 or 409)
        {
            // 403, 404: the namespace is terminating. 409: the series is counted by another recorder at the same time. The event is dropped.
        }
    }
}
