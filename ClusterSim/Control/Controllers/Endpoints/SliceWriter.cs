using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Endpoints;

/// <summary>
/// Writes the slices of one Service and address family. Endpoints stay in the slice they are in; new ones fill slices up before another is
/// made, so that few slices change when few pods do.
/// </summary>
internal sealed class SliceWriter(ApiClient client, ResourceType slices, Document service, string family, string triggered, string managedBy)
{
    private const int EndpointsPerSliceMax = 100;
    private const string TriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

    // Labels of the service that have a meaning of their own on a slice.
    private static readonly IReadOnlySet<string> Reserved = new HashSet<string>(StringComparer.Ordinal)
    {
        EndpointSliceController.ServiceNameLabel, EndpointSliceController.ManagedByLabel, "service.kubernetes.io/headless",
    };

    /// <summary>Brings the slices of one list of ports to these endpoints.</summary>
    public void Distribute(List<Document> existing, JsonArray ports, List<JsonObject> endpoints)
    {
        var left = endpoints.ToDictionary(Identity, StringComparer.Ordinal);
        var plan = new List<(Document? Slice, List<JsonObject> Endpoints)>();
        foreach (var slice in existing)
        {
            var kept = new List<JsonObject>();
            foreach (var endpoint in slice.Root.At("endpoints").Items())
                if (left.Remove(Identity(endpoint.ToObject()), out var wanted))
                    kept.Add(wanted);
            plan.Add((slice, kept));
        }
        var added = new Queue<JsonObject>(left.Values);
        foreach (var (_, kept) in plan.OrderByDescending(one => one.Endpoints.Count))
            while (kept.Count < EndpointsPerSliceMax && added.TryDequeue(out var endpoint))
                kept.Add(endpoint);
        while (added.Count > 0)
        {
            var fresh = new List<JsonObject>();
            while (fresh.Count < EndpointsPerSliceMax && added.TryDequeue(out var endpoint))
                fresh.Add(endpoint);
            plan.Add((null, fresh));
        }
        foreach (var (slice, kept) in plan)
        {
            if (slice is null)
                Create(ports, kept);
            else if (kept.Count == 0 && plan.Count > 1)
                client.Delete(slices, slice.Key);
            else
                Write(slice, ports, kept);
        }
    }

    /// <summary>A new slice.</summary>
    public void Create(JsonArray? ports, List<JsonObject> endpoints)
    {
        var slice = Object(
            ("apiVersion", "discovery.k8s.io/v1"),
            ("kind", "EndpointSlice"),
            ("metadata", Object(
                ("generateName", service.Name + "-"),
                ("namespace", service.Namespace),
                ("labels", Labels()),
                ("annotations", Object((TriggerTime, triggered))),
                ("ownerReferences", new JsonArray(OwnerReferences.Controller(service))))),
            ("addressType", family));
        Fill(slice, ports, endpoints);
        try
        {
            client.Create(slices, slice);
        }
        catch (KubernetesApiException refused) when (PodControl.IsNamespaceTerminating(refused))
        {
            // Nobody will ask for the endpoints of a namespace that is ending.
        }
    }

    /// <summary>Brings one slice up to date, if anything changed.</summary>
    public void Write(Document slice, JsonArray? ports, List<JsonObject> endpoints)
    {
        var @object = slice.ToObject();
        Fill(@object, ports, endpoints);
        @object.Ensure("metadata")["labels"] = Labels();
        var before = slice.ToObject();
        if (JsonNode.DeepEquals(@object, before)
            || (JsonNode.DeepEquals(@object["endpoints"] ?? new JsonArray(), before["endpoints"] ?? new JsonArray())
                && JsonNode.DeepEquals(@object["ports"], before["ports"])
                && JsonNode.DeepEquals(@object["metadata"]!["labels"], before["metadata"]!["labels"])))
            return;
        @object.Ensure("metadata").Ensure("annotations")[TriggerTime] = triggered;
        client.Update(slices, @object);
    }

    private static void Fill(JsonObject slice, JsonArray? ports, List<JsonObject> endpoints)
    {
        slice["endpoints"] = endpoints.Count == 0 ? null : new JsonArray([.. endpoints.Select(endpoint => endpoint.DeepClone())]);
        slice["ports"] = ports?.DeepClone();
    }

    private JsonObject Labels()
    {
        var labels = new JsonObject();
        foreach (var (name, value) in service.Labels)
            if (!Reserved.Contains(name))
                labels[name] = value;
        labels[EndpointSliceController.ManagedByLabel] = managedBy;
        labels[EndpointSliceController.ServiceNameLabel] = service.Name;
        if (service.Spec.At("clusterIP").Text() == "None")
            labels["service.kubernetes.io/headless"] = "";
        return labels;
    }

    private static string Identity(JsonObject endpoint) => (endpoint["targetRef"] as JsonObject).Text("uid") ?? endpoint["addresses"]!.ToJsonString();
}
