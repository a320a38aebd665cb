using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>
/// Rejects nodes that cannot reach the volumes of a pod's bound claims, or for which its unbound claims cannot get any. Before a pod is bound, it
/// has the claims that wait for their first consumer provisioned for the node (<c>plugins/volumebinding</c>).
/// </summary>
internal sealed class VolumeBinding(ApiClient client) : IPreFilterPlugin, IFilterPlugin, IPreBindPlugin, IEnqueueExtensions
{
    private static readonly Status NodeConflict = Status.Unresolvable(nameof(VolumeBinding), "node(s) didn't match PersistentVolume's node affinity");
    private static readonly Status BindConflict = Status.Unresolvable(nameof(VolumeBinding), "node(s) didn't find available persistent volumes to bind");

    private readonly VersionedStore _store = client.Server.Store;
    private readonly ResourceType _claims = client.Resource("persistentvolumeclaims");
    private readonly ResourceType _volumes = client.Resource("persistentvolumes");
    private readonly ResourceType _classes = client.Resource("storageclasses", "storage.k8s.io");

    /// <inheritdoc/>
    public string Name => nameof(VolumeBinding);

    /// <inheritdoc/>
    public ClusterEvents EventsToRegister => ClusterEvents.Volume;

    /// <inheritdoc/>
    public Status? PreFilter(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes)
    {
        if (pod.Claims.IsEmpty)
            return Status.Skip;
        var data = new PodVolumeClaims();
        foreach (var name in pod.Claims)
            if (Add(data, pod.Pod.Namespace, name) is { } reason)
                return Status.Unresolvable(Name, reason);
        state.Write(data);
        return null;
    }

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node)
    {
        var data = state.Read<PodVolumeClaims>();
        foreach (var selector in data.BoundVolumeNodes)
            if (!selector.Match(node.Name, node.Labels))
                return NodeConflict;
        foreach (var (claim, storageClass) in data.UnboundDelayed)
            if (!IsProvisionable(storageClass, node) && FindMatchingVolume(claim, node) is null)
                return BindConflict;
        return null;
    }

    /// <inheritdoc/>
    public bool PreBindPreFlight(CycleState state) => state.Find<PodVolumeClaims>()?.UnboundDelayed.Count > 0;

    /// <inheritdoc/>
    public void PreBind(CycleState state, string nodeName)
    {
        foreach (var (claim, _) in state.Read<PodVolumeClaims>().UnboundDelayed)
            client.Change(_claims, claim.Key, @object =>
            {
                @object.Ensure("metadata").Ensure("annotations")[PersistentVolumeClaims.SelectedNode] = nodeName;
                return true;
            });
    }

    /// <inheritdoc/>
    public bool IsPreBound(CycleState state) => state.Read<PodVolumeClaims>().UnboundDelayed
        .TrueForAll(delayed => _store.Find(delayed.Claim.Resource, delayed.Claim.Key) is { } claim && claim.Status.At("phase").Text() == "Bound");

    /// <summary>Adds a claim to the pod's; returns the reason why it keeps the pod off every node, or null.</summary>
    private string? Add(PodVolumeClaims data, string? @namespace, string name)
    {
        if (_store.Find(_claims.GroupResource, new ObjectKey(@namespace, name)) is not { } claim)
            return $"persistentvolumeclaim \"{name}\" not found";
        if (claim.IsDeleting)
            return $"persistentvolumeclaim \"{name}\" is being deleted";
        if (claim.Status.At("phase").Text() == "Lost")
            return $"persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{claim.Spec.At("volumeName").Text("")}\"";
        if (claim.Annotation(PersistentVolumeClaims.BindCompleted) is not null)
        {
            var volume = _store.Find(_volumes.GroupResource, new ObjectKey(null, claim.Spec.At("volumeName").Text("")));
            if (NodeSelector.Of(volume?.Spec.At("nodeAffinity", "required") ?? default) is { } selector)
                data.BoundVolumeNodes.Add(selector);
            return null;
        }
        if (claim.Spec.At("volumeName").Text("").Length > 0
            || PersistentVolumeClaims.ClassOf(claim) is not { Length: > 0 } className
            || _store.Find(_classes.GroupResource, new ObjectKey(null, className)) is not { } storageClass
            || storageClass.Root.At("volumeBindingMode").Text() != "WaitForFirstConsumer")
            return "pod has unbound immediate PersistentVolumeClaims";
        data.UnboundDelayed.Add((claim, storageClass));
        return null;
    }

    private Document? FindMatchingVolume(Document claim, NodeInfo node) => VolumeMatching.Smallest(
        claim, _store.Current(_volumes.GroupResource).All(),
        volume => NodeSelector.Of(volume.Spec.At("nodeAffinity", "required")) is not { } selector || selector.Match(node.Name, node.Labels));

    private static bool IsProvisionable(Document storageClass, NodeInfo node)
    {
        if (storageClass.Root.At("provisioner").Text() == "kubernetes.io/no-provisioner")
            return false;
        var allowed = storageClass.Root.At("allowedTopologies");
        if (allowed.Count() == 0)
            return true;
        return allowed.Items().Any(term => term.At("matchLabelExpressions").Items().All(expression =>
            node.Labels.TryGetValue(expression.At("key").Text(""), out var found) && expression.At("values").Items().Any(value => value.Text() == found)));
    }

    /// <summary>The claims of the pod that is scheduled.</summary>
    private sealed class PodVolumeClaims
    {
        /// <summary>The nodes that can reach the volume of each bound claim.</summary>
        public List<NodeSelector> BoundVolumeNodes { get; } = [];

        /// <summary>The unbound claims whose class waits for the first consumer.</summary>
        public List<(Document Claim, Document Class)> UnboundDelayed { get; } = [];
    }
}
