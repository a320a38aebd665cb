using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.Requests;
using ClusterSim.Storage;
using ClusterSim.Validation;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry;

internal sealed partial class ApiServer
{
    /// <summary>
    /// Deletes an object: preconditions; admission; then, by kind and wishes, marks it (a pod's grace period, finalizers, the propagation
    /// policy's finalizer, a namespace's spec.finalizers) or removes it.
    /// </summary>
    public WriteResult Delete(in RequestTarget target, DeleteOptions options)
    {
        Authorize(target, "delete");
        var here = target;
        return GuaranteedUpdate(target, live => DeleteSeen(here, live, options));
    }

    /// <summary>Deletes every object the options select; what vanishes meanwhile is no error.</summary>
    public IReadOnlyList<Document> DeleteCollection(in RequestTarget target, ListOptions list, DeleteOptions options)
    {
        Authorize(target, "deletecollection");
        var found = Select(target, list, out _, out _, out _);
        foreach (var document in found)
        {
            var one = target with { Name = document.Name, Namespace = document.Namespace };
            try
            {
                GuaranteedUpdate(one, live => DeleteSeen(one, live, options));
            }
            catch (KubernetesApiException gone) when (gone.Code == 404)
            {
                // Deleted by somebody else in between: as wished.
            }
        }
        return found;
    }

    private WriteResult DeleteSeen(in RequestTarget target, Document live, DeleteOptions options)
    {
        CheckPreconditions(live, options);
        var strategy = StrategyOf(target);
        var resource = target.Resource.Storage;
        var warnings = new List<string>();
        var admission = new AdmissionRequest(target, "DELETE", null, live.Root, warnings, options.DryRun);
        Mutate(admission);
        ValidateAdmission(admission);

        var @object = live.ToObject();
        if (!live.IsDeleting && strategy.BeginDeletion(@object, Clock.GetUtcNow()))
            return new WriteResult(options.DryRun ? Document.Unstored(resource, @object) : Store.Update(live, @object), 200, warnings);
        var metadata = @object.Ensure("metadata");
        var changed = SetPropagationFinalizer(strategy, metadata, options);
        var grace = GracePeriod(strategy.Kind, live, options);
        var now = Clock.GetUtcNow();
        var held = (metadata["finalizers"] as JsonArray)?.Count > 0
            || (strategy.Kind.Kind == "Namespace" && live.Spec.At("finalizers").Count() > 0);

        if (grace == 0 && !held)
        {
            if (options.DryRun)
                return new WriteResult(live, 200, warnings) { Answer = Deleted(target, live) };
            var last = Store.Delete(live);
            return new WriteResult(last, 200, warnings) { Answer = strategy.Kind.Kind == "Pod" ? null : Deleted(target, live) };
        }

        if (live.IsDeleting)
        {
            // Already on its way: a shorter grace period counts, a longer does not.
            var left = live.Metadata.At("deletionGracePeriodSeconds").Integer() ?? 0;
            if (grace < left)
            {
                metadata["deletionGracePeriodSeconds"] = grace;
                metadata["deletionTimestamp"] = now.AddSeconds(grace).Stamp();
                changed = true;
            }
        }
        else
        {
            metadata["deletionTimestamp"] = now.AddSeconds(grace).Stamp();
            if (strategy.Kind.Kind != "Namespace")
                metadata["deletionGracePeriodSeconds"] = grace;
            if (strategy.CountsGenerations)
                metadata["generation"] = (metadata.Integer("generation") ?? 0) + 1;
            if (strategy.Kind.Kind == "Namespace")
                @object.Ensure("status")["phase"] = "Terminating";
            changed = true;
        }
        if (!changed)
            return new WriteResult(live, 200, warnings);
        if (options.DryRun)
            return new WriteResult(Document.Unstored(resource, @object), 200, warnings);
        return new WriteResult(Store.Update(live, @object), 200, warnings);
    }

    private static void CheckPreconditions(Document live, DeleteOptions options)
    {
        if (options.PreconditionUid is { } uid && uid != live.Uid)
            throw new KubernetesApiException(409, "Conflict",
                $"Operation cannot be fulfilled on {live.Root.At("kind").Text()} \"{live.Name}\": the UID in the precondition ({uid}) does not match the UID in record ({live.Uid}). The object might have been deleted and then recreated",
                Object(("name", live.Name), ("kind", live.Root.At("kind").Text())));
        if (options.PreconditionResourceVersion is { } version && version != live.Metadata.At("resourceVersion").Text())
            throw new KubernetesApiException(409, "Conflict",
                $"Operation cannot be fulfilled on {live.Root.At("kind").Text()} \"{live.Name}\": the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({live.Revision}). The object might have been modified",
                Object(("name", live.Name), ("kind", live.Root.At("kind").Text())));
    }

    /// <summary>Orphan and Foreground are finalizers that the garbage collector takes off when the dependents are dealt with.</summary>
    private static bool SetPropagationFinalizer(KindStrategy strategy, JsonObject metadata, DeleteOptions options)
    {
        var wanted = options.PropagationPolicy switch
        {
            "Orphan" => "orphan",
            "Foreground" => "foregroundDeletion",
            "Background" or null or "" => null,
            var other => throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", "DeleteOptions"), "",
                [new("FieldValueNotSupported", "propagationPolicy", $"Unsupported value: \"{other}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"")]),
        };
        if (strategy.Kind.Kind == "Namespace")
            return false;
        var before = (metadata["finalizers"] as JsonArray)?.Select(item => item!.GetValue<string>()).ToList() ?? [];
        // A policy that is asked for replaces the one that was.
        var after = options.PropagationPolicy is null ? before : before.Where(name => name is not ("orphan" or "foregroundDeletion")).ToList();
        if (wanted is not null)
            after.Add(wanted);
        if (after.SequenceEqual(before))
            return false;
        if (after.Count == 0)
            metadata.Remove("finalizers");
        else
            metadata["finalizers"] = new JsonArray([.. after.Select(name => JsonValue.Create(name))]);
        return true;
    }

    /// <summary>Only pods end gracefully: at once when not bound to a node or already ended.</summary>
    private static long GracePeriod(GroupVersionKind kind, Document live, DeleteOptions options)
    {
        if (kind.Kind != "Pod" || kind.Group.Length > 0)
            return 0;
        if (live.NodeName is null || live.Status.At("phase").Text() is "Succeeded" or "Failed")
            return 0;
        var period = options.GracePeriodSeconds ?? live.Spec.At("terminationGracePeriodSeconds").Integer() ?? 30;
        return period < 0 ? 1 : period;
    }

    private static JsonObject Deleted(in RequestTarget target, Document live) => Object(
        ("kind", "Status"),
        ("apiVersion", "v1"),
        ("metadata", new JsonObject()),
        ("status", "Success"),
        ("details", Object(
            ("name", live.Name),
            ("group", target.Resource.Group.Length == 0 ? null : target.Resource.Group),
            ("kind", target.Resource.Name),
            ("uid", live.Uid))));
}
