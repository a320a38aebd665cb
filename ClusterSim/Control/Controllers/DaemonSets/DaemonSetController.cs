using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.DaemonSets;

/// <summary>One pod on every node that fits (<c>pkg/controller/daemon</c>); the default scheduler binds it, to the node its affinity names.</summary>
internal sealed class DaemonSetController : Controller
{
    private const string HashLabel = "controller-revision-hash";

    private readonly ControllerRefs _refs;
    private readonly ControllerRevisions _history;
    private readonly PodControl _podControl;
    private readonly FailedDaemonPods _failures = new();
    private readonly ResourceType _sets;
    private readonly ResourceType _pods;
    private readonly ResourceType _nodes;

    /// <summary>A controller of DaemonSets.</summary>
    public DaemonSetController(ControllerContext context)
        : base(context)
    {
        _sets = Client.Resource("daemonsets", "apps");
        _pods = Client.Resource("pods");
        _nodes = Client.Resource("nodes");
        _refs = new ControllerRefs(context, _pods);
        _history = new ControllerRevisions(Client, HashLabel);
        _podControl = new PodControl(context);
        ForEach(_sets);
        ForOwners(_pods, "DaemonSet");
        ForOrphans(_pods, _sets, set => LabelSelector.FromObject(set.Spec.At("selector")));
        context.Informers.Handle(_nodes, change =>
        {
            // Heartbeats say nothing about who may run there.
            if (change.Previous is { } before && change.Change == StoreChange.Modified
                && JsonElement.DeepEquals(before.Spec, change.Document.Spec) && before.Labels.Count == change.Document.Labels.Count
                && before.Labels.All(label => change.Document.Labels.GetValueOrDefault(label.Key) == label.Value))
                return;
            foreach (var set in Current(_sets).All())
                Queue.Add(set.Key);
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_sets).Find(key) is not { } set)
            return null;
        var selector = LabelSelector.FromObject(set.Spec.At("selector"));
        if (selector.IsEmpty)
        {
            Context.Events.Warning(set, "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
            return null;
        }
        var known = _history.Of(set);
        var collisions = set.Status.At("collisionCount").Integer() ?? 0;
        var revision = _history.Sync(set, known, collisions, () => Client.Change(_sets, key, @object =>
        {
            @object.Ensure("status")["collisionCount"] = collisions + 1;
            return true;
        }, "status"));
        var hash = revision.Labels.GetValueOrDefault(HashLabel) ?? "";
        if (!set.IsDeleting)
            MergeEqual(set, selector, revision, known, hash);
        var minReadySeconds = set.Spec.At("minReadySeconds").Integer() ?? 0;
        KubernetesApiException? failure = null;
        TimeSpan? again = null;
        if (!set.IsDeleting)
        {
            try
            {
                again = Manage(set, ByNode(_refs.Claim(set, selector)), hash, minReadySeconds);
                if (set.Spec.At("updateStrategy", "type").Text("RollingUpdate") == "RollingUpdate")
                    Roll(set, ByNode(_refs.Claim(set, selector)), hash, minReadySeconds);
            }
            catch (KubernetesApiException refused) when (refused.Code != 409 && !PodControl.IsNamespaceTerminating(refused))
            {
                failure = refused;
            }
        }
        var pods = _refs.Claim(set, selector);
        WriteStatus(set, ByNode(pods), hash, minReadySeconds);
        var used = known.Where(one => pods.Exists(pod => pod.Labels.GetValueOrDefault(HashLabel) == one.Labels.GetValueOrDefault(HashLabel)))
            .Select(one => one.Name).Append(revision.Name).ToHashSet(StringComparer.Ordinal);
        _history.Truncate(_history.Of(set), used, set.Spec.At("revisionHistoryLimit").Integer(10));
        if (failure is not null)
            throw failure;
        return PodReading.UntilNextAvailable(pods, minReadySeconds, Now) is { } soon && !(again < soon) ? soon : again;
    }

    /// <summary>Of revisions that hold the same template one is enough (<c>dedupCurHistories</c>): pods of the others become its own.</summary>
    private void MergeEqual(Document set, LabelSelector selector, Document revision, List<Document> known, string hash)
    {
        foreach (var other in ControllerRevisions.EqualTo(revision, known).ToList())
        {
            var otherHash = other.Labels.GetValueOrDefault(HashLabel);
            foreach (var pod in _refs.Claim(set, selector).Where(pod => pod.Labels.GetValueOrDefault(HashLabel) == otherHash && otherHash != hash))
                Client.Patch(_pods, pod.Key, PatchType.Merge, Object(("metadata", Object(("labels", Object((HashLabel, hash)))))));
            _history.Delete(other);
        }
    }

    /// <summary>One pod where one belongs, none elsewhere; ended ones go. Returns when to look again at one that failed too soon after the last.</summary>
    private TimeSpan? Manage(Document set, Dictionary<string, List<Document>> byNode, string hash, long minReadySeconds)
    {
        TimeSpan? again = null;
        foreach (var node in Current(_nodes).All())
        {
            var pods = byNode.GetValueOrDefault(node.Name) ?? [];
            var (shouldRun, shouldContinue) = NodeShouldRunDaemonPod(set, node);
            if (!shouldContinue)
            {
                pods.Where(pod => !pod.IsDeleting).ToList().ForEach(pod => _podControl.Delete(set, pod));
                continue;
            }
            // A set that surges does not wait for the last one to be gone.
            if (shouldRun && (pods.Count == 0 || (MaxSurge(set) > 0 && pods.TrueForAll(pod => pod.IsDeleting))))
                _podControl.Create(set, Pod(set, node.Name, hash));
            foreach (var ended in pods.Where(pod => pod.IsEnded() && !pod.IsDeleting).ToList())
            {
                if (ended.Phase() == "Succeeded")
                {
                    Context.Events.Normal(set, "SucceededDaemonPod", $"Found succeeded daemon pod {ended.Namespace}/{ended.Name} on node {node.Name}, will try to delete it");
                }
                else if (_failures.Left(set, node.Name, Now) is { } left)
                {
                    again = again < left ? again : left;
                    continue;
                }
                else
                {
                    Context.Events.Warning(set, "FailedDaemonPod", $"Found failed daemon pod {ended.Namespace}/{ended.Name} on node {node.Name}, will try to kill it");
                }
                _podControl.Delete(set, ended);
            }
            var running = pods.Where(pod => pod.IsActive()).OrderBy(pod => pod.Created()).ThenBy(pod => pod.Name, StringComparer.Ordinal).ToList();
            foreach (var extra in MaxSurge(set) == 0 ? running.Skip(1) : BeyondSurge(running, hash, minReadySeconds))
                _podControl.Delete(set, extra);
        }
        foreach (var (node, pods) in byNode)
            if (Current(_nodes).Find(new ObjectKey(null, node)) is null)
                foreach (var pod in pods.Where(pod => !pod.IsDeleting && pod.NodeName is null))
                    _podControl.Delete(set, pod);
        return again;
    }

    /// <summary>Of a node's pods all but the oldest of either revision; and the old one too when it is not ready, or the new one may stand in for it.</summary>
    private List<Document> BeyondSurge(List<Document> running, string hash, long minReadySeconds)
    {
        var fresh = running.Find(pod => pod.Labels.GetValueOrDefault(HashLabel) == hash);
        var old = running.Find(pod => pod.Labels.GetValueOrDefault(HashLabel) != hash);
        var extra = running.Where(pod => pod != fresh && pod != old).ToList();
        if (fresh is not null && old is not null && (!old.IsReady() || fresh.IsAvailable(minReadySeconds, Now)))
            extra.Add(old);
        return extra;
    }

    private void Roll(Document set, Dictionary<string, List<Document>> byNode, string hash, long minReadySeconds)
    {
        var nodes = Current(_nodes).All().Where(node => NodeShouldRunDaemonPod(set, node).ShouldRun).ToList();
        var surge = MaxSurge(set);
        var rolling = set.Spec.At("updateStrategy", "rollingUpdate");
        var maxUnavailable = surge > 0 ? 0 : Math.Max(1, IntOrPercent.Of(rolling.At("maxUnavailable"), nodes.Count, roundUp: true, absent: 1));
        var unavailable = 0;
        var surging = 0;
        var replaceable = new List<Document>();
        List<string> candidates = [], unhelped = [];
        foreach (var node in nodes)
        {
            var pods = (byNode.GetValueOrDefault(node.Name) ?? []).Where(pod => !pod.IsEnded()).ToList();
            var old = pods.Find(pod => !pod.IsDeleting && pod.Labels.GetValueOrDefault(HashLabel) != hash);
            var fresh = pods.Find(pod => !pod.IsDeleting && pod.Labels.GetValueOrDefault(HashLabel) == hash);
            var oldIsAvailable = old is not null && old.IsAvailable(minReadySeconds, Now);
            var freshIsAvailable = fresh is not null && fresh.IsAvailable(minReadySeconds, Now);
            if (surge == 0)
            {
                if (old is null ? !freshIsAvailable : !oldIsAvailable)
                    unavailable++;
                if (old is not null && !oldIsAvailable)
                    _podControl.Delete(set, old);
                else if (old is not null)
                    replaceable.Add(old);
                continue;
            }
            if (old is null)
                continue;
            if (fresh is null)
                (oldIsAvailable ? candidates : unhelped).Add(node.Name);
            else if (freshIsAvailable)
                _podControl.Delete(set, old);
            else
                surging++;
        }
        // Where the old pod serves nobody a new one costs nothing.
        foreach (var node in unhelped.Concat(candidates.Take(Math.Max(0, surge - surging))))
            _podControl.Create(set, Pod(set, node, hash));
        foreach (var pod in replaceable.Take(Math.Max(0, maxUnavailable - unavailable)))
            _podControl.Delete(set, pod);
    }

    private int MaxSurge(Document set) => set.Spec.At("updateStrategy", "type").Text("RollingUpdate") != "RollingUpdate" ? 0
        : IntOrPercent.Of(set.Spec.At("updateStrategy", "rollingUpdate", "maxSurge"), Current(_nodes).Count, roundUp: true);

    /// <summary>Returns whether a node should run a pod of the DaemonSet, and whether one that runs there may continue (<c>NodeShouldRunDaemonPod</c>).</summary>
    private static (bool ShouldRun, bool ShouldContinue) NodeShouldRunDaemonPod(Document set, Document node)
    {
        var spec = set.Spec.At("template", "spec");
        if (spec.At("nodeName").Text() is { Length: > 0 } only && only != node.Name)
            return (false, false);
        if (!RequiredNodeAffinity.Of(spec).Match(node.Name, node.Labels))
            return (false, false);
        var tolerations = Toleration.Of(Tolerations(spec).ToElement());
        var untolerated = Taint.Of(node.Spec.At("taints")).Where(taint => taint.Effect != "PreferNoSchedule" && !tolerations.Any(one => one.Tolerates(taint))).ToList();
        return (untolerated.Count == 0, untolerated.TrueForAll(taint => taint.Effect != "NoExecute"));
    }

    private static JsonObject Pod(Document set, string node, string hash)
    {
        var pod = PodTemplate.Pod(set, set.Spec.At("template"));
        var labels = pod.Ensure("metadata").Ensure("labels");
        labels[HashLabel] = hash;
        labels["pod-template-generation"] = set.Annotation("deprecated.daemonset.template.generation") ?? "1";
        var spec = pod.Ensure("spec");
        spec["tolerations"] = Tolerations(set.Spec.At("template", "spec"));
        // Which node it is for; other terms of the template's affinity are kept beside it.
        var affinity = spec.Ensure("affinity").Ensure("nodeAffinity");
        var required = affinity.Ensure("requiredDuringSchedulingIgnoredDuringExecution");
        var name = Object(("key", "metadata.name"), ("operator", "In"), ("values", new JsonArray(node)));
        if (required["nodeSelectorTerms"] is not JsonArray { Count: > 0 } terms)
            required["nodeSelectorTerms"] = terms = [new JsonObject()];
        foreach (var term in terms.OfType<JsonObject>())
            term["matchFields"] = new JsonArray(name.DeepClone());
        return pod;
    }

    private static JsonArray Tolerations(JsonElement spec)
    {
        var tolerations = spec.At("tolerations").ToNode() as JsonArray ?? [];
        void Add(string key, string effect) =>
            tolerations.Add((JsonNode)Object(("effect", effect), ("key", $"node.kubernetes.io/{key}"), ("operator", "Exists")));
        Add("not-ready", "NoExecute");
        Add("unreachable", "NoExecute");
        Add("disk-pressure", "NoSchedule");
        Add("memory-pressure", "NoSchedule");
        Add("pid-pressure", "NoSchedule");
        Add("unschedulable", "NoSchedule");
        if (spec.At("hostNetwork").Flag(false))
            Add("network-unavailable", "NoSchedule");
        return tolerations;
    }

    private static Dictionary<string, List<Document>> ByNode(List<Document> pods)
    {
        var byNode = new Dictionary<string, List<Document>>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if ((pod.NodeName ?? Target(pod)) is not { } node)
                continue;
            if (!byNode.TryGetValue(node, out var there))
                byNode[node] = there = [];
            there.Add(pod);
        }
        return byNode;
    }

    private static string? Target(Document pod)
    {
        foreach (var term in pod.Spec.At("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution").At("nodeSelectorTerms").Items())
            foreach (var field in term.At("matchFields").Items())
                if (field.At("key").Text() == "metadata.name")
                    return field.At("values").Items().FirstOrDefault().Text();
        return null;
    }

    private void WriteStatus(Document set, Dictionary<string, List<Document>> byNode, string hash, long minReadySeconds)
    {
        int desired = 0, current = 0, misscheduled = 0, ready = 0, available = 0, updated = 0;
        foreach (var node in Current(_nodes).All())
        {
            var pods = (byNode.GetValueOrDefault(node.Name) ?? []).Where(pod => !pod.IsDeleting || MaxSurge(set) == 0).ToList();
            if (!NodeShouldRunDaemonPod(set, node).ShouldRun)
            {
                misscheduled += pods.Count > 0 ? 1 : 0;
                continue;
            }
            desired++;
            if (pods.Count == 0)
                continue;
            current++;
            var best = pods.OrderByDescending(pod => pod.IsReady()).ThenBy(pod => pod.Created()).First();
            ready += best.IsReady() ? 1 : 0;
            available += best.IsAvailable(minReadySeconds, Now) ? 1 : 0;
            updated += pods.Exists(pod => pod.Labels.GetValueOrDefault(HashLabel) == hash) ? 1 : 0;
        }
        var status = set.Status.ToObject();
        var before = status.DeepClone();
        status["currentNumberScheduled"] = current;
        status["numberMisscheduled"] = misscheduled;
        status["desiredNumberScheduled"] = desired;
        status["numberReady"] = ready;
        status["observedGeneration"] = set.Generation();
        Conditions.Count(status, "updatedNumberScheduled", updated);
        Conditions.Count(status, "numberAvailable", available);
        Conditions.Count(status, "numberUnavailable", desired - available);
        if (!JsonNode.DeepEquals(before, status))
            Client.Change(_sets, set.Key, @object =>
            {
                @object["status"] = status.DeepClone();
                return true;
            }, "status");
    }
}
