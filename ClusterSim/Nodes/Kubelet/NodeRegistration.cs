using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Network;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes;

/// <summary>The Node object a kubelet keeps of itself, and the Lease by which it is known to be alive.</summary>
internal sealed class NodeRegistration(NodeContext node)
{
    private const int LeaseSeconds = 40;

    // The kubelet's nodeStatusReportFrequency: how often it writes its status though nothing changed.
    private static readonly TimeSpan StatusPeriod = TimeSpan.FromMinutes(5);

    private readonly ResourceType _nodes = node.Client.Resource("nodes");
    private readonly ResourceType _leases = node.Client.Resource("leases", "coordination.k8s.io");
    private DateTimeOffset _reported;
    private bool _isUnschedulable;

    /// <summary>Creates the Node, or takes over the one that is there, and says that it is Ready.</summary>
    public void Register()
    {
        var key = new ObjectKey(null, node.Name);
        try
        {
            node.Client.Create(_nodes, Made());
        }
        catch (KubernetesApiException present) when (present.Code == 409)
        {
            node.Client.Change(_nodes, key, live => Merge(live.Ensure("metadata").Ensure("labels"), Labels()));
        }
        Report();
        if (node.Client.Find(_nodes, key) is { } registered)
            node.Events.Normal(registered, "NodeReady", $"Node {node.Name} status is now: NodeReady");
        Renew();
    }

    /// <summary>Renews the Lease and, from time to time or when somebody else said otherwise, the status.</summary>
    public void Heartbeat()
    {
        try
        {
            Renew();
            var live = node.Client.Find(_nodes, new ObjectKey(null, node.Name));
            TellWhetherSchedulable(live);
            var isReady = live is not null && live.IsReady();
            if (!isReady || node.Clock.GetUtcNow() - _reported >= StatusPeriod)
                Report();
        }
        catch (KubernetesApiException refused)
        {
            node.Shared.Log.LogWarning(refused, "node {Node}: the API refused its heartbeat", node.Name);
        }
    }

    /// <summary>Cordoned or uncordoned since the last heartbeat: the kubelet says so in its own time.</summary>
    private void TellWhetherSchedulable(Document? live)
    {
        if (live is null || live.Spec.At("unschedulable").Flag(false) is var isUnschedulable && isUnschedulable == _isUnschedulable)
            return;
        _isUnschedulable = isUnschedulable;
        var reason = isUnschedulable ? "NodeNotSchedulable" : "NodeSchedulable";
        node.Events.Normal(live, reason, $"Node {node.Name} status is now: {reason}");
    }

    private void Report()
    {
        _reported = node.Clock.GetUtcNow();
        node.Client.Change(_nodes, new ObjectKey(null, node.Name), live =>
        {
            live["status"] = Status(live["status"]?.ToElement() ?? default);
            return true;
        }, "status");
    }

    private void Renew()
    {
        var key = new ObjectKey("kube-node-lease", node.Name);
        var now = node.Clock.GetUtcNow().StampMicro();
        var renewed = node.Client.Change(_leases, key, lease =>
        {
            lease.Ensure("spec")["renewTime"] = now;
            return true;
        });
        if (renewed is not null)
            return;
        try
        {
            node.Client.Create(_leases, Object(
                ("apiVersion", "coordination.k8s.io/v1"), ("kind", "Lease"),
                ("metadata", Object(("name", node.Name), ("namespace", "kube-node-lease"), ("ownerReferences", new JsonArray(Object(
                    ("apiVersion", "v1"), ("kind", "Node"), ("name", node.Name), ("uid", node.Client.Find(_nodes, new ObjectKey(null, node.Name))?.Uid ?? "")))))),
                ("spec", Object(("holderIdentity", node.Name), ("leaseDurationSeconds", LeaseSeconds), ("renewTime", now)))));
        }
        catch (KubernetesApiException refused) when (refused.Code is 403 or 404 or 409)
        {
            node.Shared.Log.LogDebug(refused, "node {Node}: no Lease yet; the next heartbeat tries again", node.Name);
        }
    }

    private JsonObject Made()
    {
        var range = node.Shared.Networks.PodRangeOf(node.Name);
        return Object(
            ("apiVersion", "v1"), ("kind", "Node"),
            ("metadata", Object(("name", node.Name), ("labels", Labels()), ("annotations", Object(("volumes.kubernetes.io/controller-managed-attach-detach", "true"))))),
            ("spec", Object(
                ("podCIDR", range), ("podCIDRs", range is null ? null : new JsonArray(range)),
                ("taints", node.Options.Taints.Count == 0 ? null : new JsonArray([.. node.Options.Taints.Select(taint =>
                    Object(("key", taint.Key), ("value", taint.Value.Length == 0 ? null : taint.Value), ("effect", taint.Effect)))])))));
    }

    private JsonObject Labels()
    {
        var architecture = Architecture();
        var labels = Object(
            ("beta.kubernetes.io/arch", architecture), ("beta.kubernetes.io/os", "linux"), ("kubernetes.io/arch", architecture),
            ("kubernetes.io/hostname", node.Name), ("kubernetes.io/os", "linux"));
        foreach (var (name, value) in node.Options.Labels)
            labels[name] = value;
        return labels;
    }

    private static bool Merge(JsonObject labels, JsonObject wanted)
    {
        var changed = false;
        foreach (var (name, value) in wanted)
            if (labels.Text(name) != value!.GetValue<string>())
            {
                labels[name] = value.DeepClone();
                changed = true;
            }
        return changed;
    }

    private JsonObject Status(System.Text.Json.JsonElement before)
    {
        var now = node.Clock.GetUtcNow().Stamp();
        JsonObject Resources() => Object(
            ("cpu", node.Options.Cpu), ("ephemeral-storage", node.Options.EphemeralStorage), ("hugepages-1Gi", "0"), ("hugepages-2Mi", "0"),
            ("memory", node.Options.Memory), ("pods", node.Options.Pods.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        JsonObject Condition(string type, bool holds, string reason, string message)
        {
            var same = before.At("conditions").Items().FirstOrDefault(condition => condition.At("type").Text() == type);
            var status = holds ? "True" : "False";
            return Object(
                ("lastHeartbeatTime", now), ("lastTransitionTime", same.At("status").Text() == status ? same.At("lastTransitionTime").Text() : now),
                ("message", message), ("reason", reason), ("status", status), ("type", type));
        }
        return Object(
            ("addresses", new JsonArray(Object(("address", node.Address), ("type", "InternalIP")), Object(("address", node.Name), ("type", "Hostname")))),
            ("allocatable", Resources()),
            ("capacity", Resources()),
            ("conditions", new JsonArray(
                Condition("MemoryPressure", holds: false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                Condition("DiskPressure", holds: false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                Condition("PIDPressure", holds: false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                Condition("Ready", holds: true, "KubeletReady", "kubelet is posting ready status"))),
            ("daemonEndpoints", Object(("kubeletEndpoint", Object(("Port", 10250))))),
            ("nodeInfo", Object(
                ("architecture", Architecture()), ("bootID", node.Name), ("containerRuntimeVersion", "clustersim://1.0"),
                ("kernelVersion", Environment.OSVersion.Version.ToString()), ("kubeProxyVersion", ""), ("kubeletVersion", KubernetesVersion.Kubelet),
                ("machineID", node.Name), ("operatingSystem", "linux"), ("osImage", RuntimeInformation.FrameworkDescription), ("systemUUID", node.Name))));
    }

    private static string Architecture() => RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
}
