using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Endpoints;

/// <summary>Which pods a Service sends to, where, and on which ports (<c>k8s.io/endpointslice/util</c>).</summary>
internal static class ServiceEndpoints
{
    /// <summary>Pods that ended or have no address are left out; ending ones are in until their grace period is over.</summary>
    public static bool ShouldBePublished(Document pod, bool includeTerminating)
    {
        if (pod.IsEnded() || pod.Status.At("podIP").Text("").Length == 0)
            return false;
        return includeTerminating || !pod.IsDeleting;
    }

    /// <summary>The pod's address of a family; null where it has none.</summary>
    public static string? Address(Document pod, string family)
    {
        var wanted = family == "IPv6" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        foreach (var one in pod.Status.At("podIPs").Items())
            if (one.At("ip").Text() is { } ip && IPAddress.TryParse(ip, out var address) && address.AddressFamily == wanted)
                return ip;
        return pod.Status.At("podIP").Text() is { } single && IPAddress.TryParse(single, out var parsed) && parsed.AddressFamily == wanted ? single : null;
    }

    /// <summary>The Service's ports on this pod; a named target port the pod lacks is left out.</summary>
    public static JsonArray Ports(Document service, Document pod)
    {
        var ports = new JsonArray();
        foreach (var port in service.Spec.At("ports").Items())
        {
            var protocol = port.At("protocol").Text("TCP");
            if (TargetPort(port, protocol, pod) is not { } number)
                continue;
            var made = Object(("name", port.At("name").Text("")), ("port", number), ("protocol", protocol), ("appProtocol", port.At("appProtocol").Text()));
            ports.Add((JsonNode)made);
        }
        return ports;
    }

    /// <summary>Reconciles the services that select a pod when it changes in a way that endpoints show.</summary>
    public static void ForServicesOf(ControllerContext context, ResourceType services, ResourceType pods, WorkQueue<ObjectKey> queue)
    {
        var store = context.Client.Server.Store;
        context.Informers.Handle(pods, change =>
        {
            if (change.Change == StoreChange.Modified && change.Previous is { } before && !MattersToEndpoints(before, change.Document))
                return;
            var current = store.Current(services.GroupResource);
            Enqueue(current, change.Document, queue);
            if (change.Previous is { } old && !ReferenceEquals(old.Labels, change.Document.Labels))
                Enqueue(current, old, queue);
        });
    }

    /// <summary>Reconciles the services that select a pod.</summary>
    public static void Enqueue(StoreSnapshot services, Document pod, WorkQueue<ObjectKey> queue)
    {
        if (pod.Labels.Count == 0)
            return;
        foreach (var service in services.All(pod.Namespace))
            if (PlainSelector.Of(service.Spec.At("selector")).Matches(pod.Labels))
                queue.Add(service.Key);
    }

    private static bool MattersToEndpoints(Document before, Document after) =>
        before.IsDeleting != after.IsDeleting
        || before.IsReady() != after.IsReady()
        || before.IsEnded() != after.IsEnded()
        || before.NodeName != after.NodeName
        || before.Status.At("podIP").Text() != after.Status.At("podIP").Text()
        || before.Status.At("podIPs").Count() != after.Status.At("podIPs").Count()
        || before.Labels.Count != after.Labels.Count
        || before.Labels.Any(label => after.Labels.GetValueOrDefault(label.Key) != label.Value);

    private static int? TargetPort(JsonElement port, string protocol, Document pod)
    {
        var target = port.At("targetPort");
        if (target.Integer() is { } number)
            return (int)number;
        if (target.Text() is not { } name)
            return port.At("port").Integer(0);
        foreach (var container in pod.Spec.VisitRunningContainers())
            foreach (var declared in container.At("ports").Items())
                if (declared.At("name").Text() == name && declared.At("protocol").Text("TCP") == protocol)
                    return declared.At("containerPort").Integer(0);
        return null;
    }
}
