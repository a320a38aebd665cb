using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.StatefulSets;

/// <summary>One look at a StatefulSet and the step that follows from it (<c>stateful_set_control.go</c>, <c>updateStatefulSet</c>).</summary>
internal sealed class StatefulSetRollout
{
    private readonly ControllerContext _context;
    private readonly Document _set;
    private readonly Document _current;
    private readonly Document _update;
    private readonly DateTimeOffset _now;
    private readonly ResourceType _pods;
    private readonly ResourceType _claims;
    private readonly bool _monotonic;
    private readonly long _minReadySeconds;
    private readonly int _start;
    private readonly Document?[] _replicas;
    private readonly List<Document> _condemned = [];

    /// <summary>Sorts the pods into those wanted, by ordinal, and those too many, the highest first.</summary>
    public StatefulSetRollout(ControllerContext context, Document set, Document current, Document update, List<Document> pods, DateTimeOffset now)
    {
        (_context, _set, _current, _update, _now) = (context, set, current, update, now);
        _pods = context.Client.Resource("pods");
        _claims = context.Client.Resource("persistentvolumeclaims");
        _monotonic = set.Spec.At("podManagementPolicy").Text("OrderedReady") != "Parallel";
        _minReadySeconds = set.Spec.At("minReadySeconds").Integer() ?? 0;
        _start = StatefulPod.Start(set);
        _replicas = new Document?[set.Spec.At("replicas").Integer(1)];
        foreach (var pod in pods)
        {
            var index = StatefulPod.Ordinal(set, pod.Name)!.Value - _start;
            if (index >= 0 && index < _replicas.Length)
                _replicas[index] = pod;
            else
                _condemned.Add(pod);
        }
        _condemned.Sort((one, other) => StatefulPod.Ordinal(set, other.Name)!.Value.CompareTo(StatefulPod.Ordinal(set, one.Name)!.Value));
    }

    /// <summary>Takes the step.</summary>
    public void Run()
    {
        KeepClaimOwners();
        if (!ScaleUp() || !ScaleDown())
            return;
        if (_set.Spec.At("updateStrategy", "type").Text("RollingUpdate") == "RollingUpdate")
            Update();
    }

    /// <summary>Creates what lacks, lowest ordinal first; false where it has to wait.</summary>
    private bool ScaleUp()
    {
        var mustWait = false;
        for (var index = 0; index < _replicas.Length; index++)
        {
            var pod = _replicas[index];
            if (pod is not null && pod.IsEnded() && !pod.IsDeleting)
            {
                if (pod.Phase() == "Failed")
                    _context.Events.Warning(_set, "RecreatingFailedPod", $"StatefulSet {_set.Namespace}/{_set.Name} is recreating failed Pod {pod.Name}");
                else
                    _context.Events.Normal(_set, "RecreatingTerminatedPod", $"StatefulSet {_set.Namespace}/{_set.Name} is recreating terminated Pod {pod.Name}");
                Delete(pod);
                if (_monotonic)
                    return false;
                continue;
            }
            if (pod is null)
            {
                // A claim that scaling down has given to the pod that went goes after it: nothing more can be done in this round.
                if (IsAClaimLeft($"{_set.Name}-{_start + index}"))
                {
                    mustWait = true;
                    if (_monotonic)
                        return false;
                    continue;
                }
                Create(_start + index);
                if (_monotonic)
                    return false;
                continue;
            }
            if (pod.Phase() is "Pending" or "")
                CreateClaims(pod.Name);
            if (_monotonic && (pod.IsDeleting || !StatefulPod.IsRunningAndAvailable(pod, _minReadySeconds, _now)))
                return false;
        }
        return !mustWait;
    }

    /// <summary>Deletes what is too much, highest ordinal first; false where it has to wait.</summary>
    private bool ScaleDown()
    {
        var firstUnhealthy = _replicas.Concat(_condemned.OrderBy(pod => StatefulPod.Ordinal(_set, pod.Name)))
            .FirstOrDefault(pod => pod is not null && (pod.IsDeleting || !StatefulPod.IsRunningAndReady(pod)));
        foreach (var pod in _condemned)
        {
            if (pod.IsDeleting)
            {
                if (_monotonic)
                    return false;
                continue;
            }
            if (_monotonic && !StatefulPod.IsRunningAndAvailable(pod, _minReadySeconds, _now) && pod != firstUnhealthy)
                return false;
            Delete(pod);
            if (_monotonic)
                return false;
        }
        return true;
    }

    /// <summary>Deletes pods of an old revision, highest ordinal first, down to the partition, as many as may be unavailable at once.</summary>
    private void Update()
    {
        var rolling = _set.Spec.At("updateStrategy", "rollingUpdate");
        var partition = rolling.At("partition").Integer(0);
        var maxUnavailable = Math.Max(1, IntOrPercent.Of(rolling.At("maxUnavailable"), _replicas.Length, roundUp: true, absent: 1));
        var unavailable = _replicas.Count(pod => pod is null || pod.IsDeleting || !StatefulPod.IsRunningAndAvailable(pod, _minReadySeconds, _now));
        var oldButIll = 0;
        for (var index = _replicas.Length - 1; index >= 0 && _start + index >= partition; index--)
        {
            if (_replicas[index] is not { } pod)
            {
                if (maxUnavailable == 1)
                    return;
                continue;
            }
            var healthy = !pod.IsDeleting && StatefulPod.IsRunningAndAvailable(pod, _minReadySeconds, _now);
            if (StatefulPod.Revision(pod) != _update.Name && !pod.IsDeleting)
            {
                // One that is unavailable anyway costs nothing more; so it may go although the limit is reached.
                if (healthy && unavailable >= maxUnavailable && maxUnavailable > 1)
                    return;
                Delete(pod);
                if (healthy)
                    unavailable++;
                else
                    oldButIll++;
                if (maxUnavailable == 1 || unavailable + oldButIll > maxUnavailable + _replicas.Length)
                    return;
                continue;
            }
            if (!healthy && maxUnavailable == 1)
                return;
        }
    }

    private void Create(int ordinal)
    {
        var name = $"{_set.Name}-{ordinal}";
        try
        {
            CreateClaims(name);
            if (ClaimsOf(name).FirstOrDefault(claim => claim.IsDeleting) is { } going)
                throw new KubernetesApiException(500, "InternalError", $"pvc {going.Name} is being deleted");
            var revision = IsCurrentWanted(ordinal) ? _current : _update;
            _context.Client.Create(_pods, StatefulPod.Make(_set, ControllerRevisions.Template(revision), revision.Name, ordinal));
            _context.Events.Normal(_set, "SuccessfulCreate", $"Create Pod {name} in StatefulSet {_set.Name} successful");
        }
        catch (KubernetesApiException refused) when (!PodControl.IsNamespaceTerminating(refused) && refused.Reason != "AlreadyExists")
        {
            _context.Events.Warning(_set, "FailedCreate", $"Create Pod {name} in StatefulSet {_set.Name} failed error: {refused.Message}");
            throw;
        }
    }

    /// <summary>During a rolling update pods below the partition (or not yet reached) come back as they were.</summary>
    private bool IsCurrentWanted(int ordinal)
    {
        if (_current.Name == _update.Name || _set.Spec.At("updateStrategy", "type").Text("RollingUpdate") != "RollingUpdate")
            return false;
        var partition = _set.Spec.At("updateStrategy", "rollingUpdate", "partition");
        return partition.Exists() ? ordinal < _start + partition.Integer(0) : ordinal < _start + _set.Status.At("currentReplicas").Integer(0);
    }

    private void Delete(Document pod)
    {
        try
        {
            _context.Client.Delete(_pods, pod.Key, new DeleteOptions { PreconditionUid = pod.Uid });
            _context.Events.Normal(_set, "SuccessfulDelete", $"Delete Pod {pod.Name} in StatefulSet {_set.Name} successful");
        }
        catch (KubernetesApiException refused) when (refused.Code != 409)
        {
            _context.Events.Warning(_set, "FailedDelete", $"Delete Pod {pod.Name} in StatefulSet {_set.Name} failed error: {refused.Message}");
            throw;
        }
    }

    private void CreateClaims(string podName)
    {
        foreach (var (template, claim) in StatefulPod.Claims(_set))
        {
            var name = StatefulPod.ClaimName(template, podName);
            if (_context.Client.Server.Store.Find(_claims.GroupResource, new ObjectKey(_set.Namespace, name)) is not null)
                continue;
            try
            {
                var made = StatefulPod.Claim(_set, template, claim, podName);
                if (WhenDeleted)
                    made.Ensure("metadata")["ownerReferences"] = new JsonArray(OwnerReferences.Controller(_set));
                _context.Client.Create(_claims, made);
                _context.Events.Normal(_set, "SuccessfulCreate", $"Create Claim {name} Pod {podName} in StatefulSet {_set.Name} success");
            }
            catch (KubernetesApiException refused) when (!PodControl.IsNamespaceTerminating(refused) && refused.Reason != "AlreadyExists")
            {
                _context.Events.Warning(_set, "FailedCreate", $"Create Claim {name} for Pod {podName} in StatefulSet {_set.Name} failed error: {refused.Message}");
                throw;
            }
        }
    }

    private IEnumerable<Document> ClaimsOf(string podName) => StatefulPod.Claims(_set)
        .Select(claim => _context.Client.Server.Store.Find(_claims.GroupResource, new ObjectKey(_set.Namespace, StatefulPod.ClaimName(claim.Template, podName))))
        .OfType<Document>();

    private bool IsAClaimLeft(string podName) => ClaimsOf(podName).Any(claim =>
        claim.Metadata.At("ownerReferences").Items().Any(owner => owner.At("kind").Text() == "Pod" && owner.At("name").Text() == podName));

    private bool WhenDeleted => _set.Spec.At("persistentVolumeClaimRetentionPolicy", "whenDeleted").Text() == "Delete";

    private bool WhenScaled => _set.Spec.At("persistentVolumeClaimRetentionPolicy", "whenScaled").Text() == "Delete";

    /// <summary>Claims that are to go with the set, or with a pod that scaling takes away, are owned by it; the garbage collector does the rest.</summary>
    private void KeepClaimOwners()
    {
        if (_set.Spec.At("volumeClaimTemplates").Count() == 0)
            return;
        foreach (var pod in _replicas)
            if (pod is not null)
                SetClaimOwner(pod, WhenDeleted ? OwnerReferences.Controller(_set) : null);
        foreach (var pod in _condemned)
            SetClaimOwner(pod, WhenScaled ? OwnerReferences.Controller(pod) : WhenDeleted ? OwnerReferences.Controller(_set) : null);
    }

    private static bool Names(JsonObject reference, Document @object) =>
        reference.Text("kind") == @object.Root.At("kind").Text() && reference.Text("name") == @object.Name;

    private static bool IsController(JsonObject reference) => reference["controller"] is JsonValue flag && flag.TryGetValue(out bool controls) && controls;

    private void SetClaimOwner(Document pod, JsonObject? owner)
    {
        foreach (var (template, _) in StatefulPod.Claims(_set))
            _context.Client.Change(_claims, new ObjectKey(_set.Namespace, StatefulPod.ClaimName(template, pod.Name)), claim =>
            {
                var metadata = claim.Ensure("metadata");
                var references = (metadata["ownerReferences"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
                var ours = references.Where(reference => Names(reference, _set) || Names(reference, pod)).ToList();
                // A claim of a set or pod of the same name that is gone is left to the garbage collector.
                if (ours.Exists(reference => reference.Text("uid") != _set.Uid && reference.Text("uid") != pod.Uid))
                    return false;
                var others = references.Except(ours).ToList();
                // What somebody else controls is theirs alone.
                var wanted = others.Exists(IsController) ? null : owner;
                if (wanted is null ? ours.Count == 0 : ours.Count == 1 && ours[0].Text("uid") == wanted.Text("uid") && IsController(ours[0]))
                    return false;
                var kept = others.Select(reference => reference.DeepClone()).ToList();
                if (wanted is not null)
                    kept.Add(wanted.DeepClone());
                if (kept.Count == 0)
                    metadata.Remove("ownerReferences");
                else
                    metadata["ownerReferences"] = new JsonArray([.. kept]);
                return true;
            });
    }
}
