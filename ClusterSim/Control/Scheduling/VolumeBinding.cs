using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// A pod's claims while it is being placed: bound ones must be reachable from the node; those whose class waits for a first consumer are
/// provisioned for the node that is chosen (kube-scheduler's VolumeBinding plugin).
/// </summary>
internal sealed class VolumeBinding
{
    private static readonly Rejection WrongNode = Rejection.Unresolvable("VolumeBinding", "node(s) didn't match PersistentVolume's node affinity");
    private static readonly Rejection NoVolume = Rejection.Unresolvable("VolumeBinding", "node(s) didn't find available persistent volumes to bind");

    private readonly List<NodeAffinity> _bound = [];
    private readonly List<(Document Claim, Document Class)> _delayed = [];
    private readonly VersionedStore _store;

    private VolumeBinding(VersionedStore store) => _store = store;

    /// <summary>Why no node at all will do; null where that is not so.</summary>
    public string? Impossible { get; private set; }

    /// <summary>Claims that wait for the choice.</summary>
    public IEnumerable<Document> Delayed => _delayed.Select(one => one.Claim);

    /// <summary>Looks the pod's claims up.</summary>
    public static VolumeBinding Of(PodInfo pod, VersionedStore store)
    {
        var binding = new VolumeBinding(store);
        foreach (var name in pod.Claims)
        {
            if (store.Find(new("", "persistentvolumeclaims"), new ObjectKey(pod.Pod.Namespace, name)) is not { } claim)
            {
                binding.Impossible = $"persistentvolumeclaim \"{name}\" not found";
                return binding;
            }
            if (claim.IsDeleting)
            {
                binding.Impossible = $"persistentvolumeclaim \"{name}\" is being deleted";
                return binding;
            }
            if (claim.Status.At("phase").Text() == "Lost")
            {
                binding.Impossible = $"persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{claim.Spec.At("volumeName").Text("")}\"";
                return binding;
            }
            if (!binding.Look(claim))
            {
                binding.Impossible = "pod has unbound immediate PersistentVolumeClaims";
                return binding;
            }
        }
        return binding;
    }

    /// <summary>Whether a node can reach what is bound, and could get what is not.</summary>
    public Rejection? Filter(NodeInfo node)
    {
        foreach (var affinity in _bound)
            if (!affinity.Matches(node.Name, node.Labels))
                return WrongNode;
        foreach (var (claim, storageClass) in _delayed)
            if (!Provisionable(storageClass, node) && Static(claim, node) is null)
                return NoVolume;
        return null;
    }

    private bool Look(Document claim)
    {
        if (claim.Annotation(PersistentVolumeClaims.BindCompleted) is not null)
        {
            var volume = _store.Find(new("", "persistentvolumes"), new ObjectKey(null, claim.Spec.At("volumeName").Text("")));
            if (NodeAffinity.Of(volume?.Spec.At("nodeAffinity", "required") ?? default) is { } affinity)
                _bound.Add(affinity);
            return true;
        }
        if (claim.Spec.At("volumeName").Text("").Length > 0
            || PersistentVolumeClaims.ClassOf(claim) is not { Length: > 0 } name
            || _store.Find(new("storage.k8s.io", "storageclasses"), new ObjectKey(null, name)) is not { } storageClass
            || storageClass.Root.At("volumeBindingMode").Text() != "WaitForFirstConsumer")
            return false;
        _delayed.Add((claim, storageClass));
        return true;
    }

    /// <summary>A free volume that is reachable from the node; null for none.</summary>
    public Document? Static(Document claim, NodeInfo node) => VolumeMatching.Smallest(
        claim, _store.Current(new("", "persistentvolumes")).All(),
        volume => NodeAffinity.Of(volume.Spec.At("nodeAffinity", "required")) is not { } affinity || affinity.Matches(node.Name, node.Labels));

    private static bool Provisionable(Document storageClass, NodeInfo node)
    {
        if (storageClass.Root.At("provisioner").Text() == "kubernetes.io/no-provisioner")
            return false;
        var allowed = storageClass.Root.At("allowedTopologies");
        if (allowed.Count() == 0)
            return true;
        return allowed.Items().Any(term => term.At("matchLabelExpressions").Items().All(expression =>
            node.Labels.TryGetValue(expression.At("key").Text(""), out var has) && expression.At("values").Items().Any(value => value.Text() == has)));
    }
}
