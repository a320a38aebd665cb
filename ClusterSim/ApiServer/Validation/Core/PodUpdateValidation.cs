using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;

namespace ClusterSim.Validation.Core;

/// <summary>What of a Pod may change, and how.</summary>
internal static class PodUpdateValidation
{
    private const string Changeable = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        + "`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    /// <summary>An ordinary write: images, a shorter deadline, more tolerations, fewer gates.</summary>
    public static void Spec(FieldErrors errors, JsonElement spec, JsonElement old, FieldPath path)
    {
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            if (spec.At(list).Count() != old.At(list).Count())
            {
                errors.Forbidden(path.Child(list), "pod updates may not add or remove containers");
                return;
            }
            var index = 0;
            foreach (var container in spec.At(list).Items())
            {
                var at = path.Child(list).Index(index++);
                if (container.At("image").Text("").Length == 0)
                    errors.Required(at.Child("image"));
                ContainerValidation.ImageWithoutPadding(errors, container, at);
            }
        }

        var deadlinePath = path.Child("activeDeadlineSeconds");
        var oldDeadline = old.At("activeDeadlineSeconds").Integer();
        if (spec.At("activeDeadlineSeconds").Integer() is { } deadline)
        {
            if (deadline is < 0 or > int.MaxValue)
            {
                errors.Invalid(deadlinePath, deadline, NameRules.OutOfRange(0, int.MaxValue));
                return;
            }
            if (oldDeadline < deadline)
            {
                errors.Invalid(deadlinePath, deadline, "must be less than or equal to previous value");
                return;
            }
        }
        else if (oldDeadline is not null)
        {
            errors.Invalid(deadlinePath, default(JsonElement), "must not update from a positive integer to nil value");
        }
        OnlyAddedTolerations(errors, spec.At("tolerations"), old.At("tolerations"), path.Child("tolerations"));
        OnlyDeletedGates(errors, spec.At("schedulingGates"), old.At("schedulingGates"), path.Child("schedulingGates"));
        if (SemanticEquality.Equal(spec, old))
            return;

        var munged = Munged(spec, old);
        if (old.At("schedulingGates").Count() > 0)
            Gated(errors, munged, spec, old, path);
        var result = munged.ToElement();
        if (!SemanticEquality.Equal(result, old))
            errors.Forbidden(path, $"pod updates may not change fields other than {Changeable}\n{SpecDifference.Describe(old, result)}");
    }

    /// <summary>New ephemeral containers; those there stay as they are.</summary>
    public static void EphemeralContainers(FieldErrors errors, JsonElement spec, JsonElement old, FieldPath path)
    {
        foreach (var container in old.At("ephemeralContainers").Items())
        {
            var name = container.At("name").Text("");
            var now = spec.At("ephemeralContainers").Items().FirstOrDefault(other => other.At("name").Text("") == name);
            if (!now.Exists())
                errors.Forbidden(path, $"existing ephemeral containers {GoText.Quote(name)} may not be removed\n");
            else if (!SemanticEquality.Equal(container, now))
                errors.Forbidden(path, $"existing ephemeral containers {GoText.Quote(name)} may not be changed\n{SpecDifference.Describe(container, now)}");
        }
    }

    /// <summary>What a kubelet may not write into a status.</summary>
    public static void Status(FieldErrors errors, JsonElement pod, JsonElement old)
    {
        var path = FieldPath.Status;
        var index = 0;
        foreach (var condition in pod.At("status", "conditions").Items())
        {
            var type = condition.At("type").Text("");
            var at = FieldPath.Metadata.Child("conditions").Index(index++).Child("Type");
            if (type is not ("PodScheduled" or "Ready" or "Initialized"))
                errors.InvalidEach(at, type, NameRules.QualifiedName(type));
        }
        if (pod.At("spec", "nodeName").Text("") != old.At("spec", "nodeName").Text(""))
            errors.Forbidden(path.Child("nodeName"), "may not be changed directly");
        if (pod.At("status", "nominatedNodeName").Text("") is { Length: > 0 } nominated && nominated != old.At("status", "nominatedNodeName").Text(""))
            errors.InvalidEach(path.Child("nominatedNodeName"), nominated, NameRules.DnsSubdomain(nominated));
        if (pod.At("status", "qosClass").Text("") != old.At("status", "qosClass").Text(""))
            errors.Invalid(path.Child("qosClass"), pod.At("status", "qosClass").Text(""), "field is immutable");
        var policy = old.At("spec", "restartPolicy").Text("");
        StateTransitions(errors, pod, old, "containerStatuses", policy, path);
        StateTransitions(errors, pod, old, "initContainerStatuses", policy, path);
        StateTransitions(errors, pod, old, "ephemeralContainerStatuses", "Never", path);
        Addresses(errors, pod.At("status", "podIPs"), path.Child("podIPs"));
        var hosts = pod.At("status", "hostIPs");
        if (hosts.Count() > 0 && hosts[0].At("ip").Text("") is var host && host != pod.At("status", "hostIP").Text(""))
            errors.Invalid(path.Child("hostIPs").Index(0).Child("ip"), host, "must be equal to `hostIP`");
        Addresses(errors, hosts, path.Child("hostIPs"));
    }

    private static void Addresses(FieldErrors errors, JsonElement addresses, FieldPath path)
    {
        for (var i = 0; i < addresses.Count(); i++)
            AddressRules.Address(errors, addresses[i].At("ip").Text(""), path.Index(i));
    }

    // A container that has ended for good does not come back.
    private static void StateTransitions(FieldErrors errors, JsonElement pod, JsonElement old, string list, string policy, FieldPath path)
    {
        if (policy == "Always")
            return;
        var index = -1;
        foreach (var before in old.At("status", list).Items())
        {
            index++;
            var ended = before.At("state", "terminated");
            var name = before.At("name").Text("");
            var mayRestart = old.At("spec").VisitContainers(ContainerType.WorkloadContainers)
                .Any(container => container.At("name").Text("") == name && container.At("restartPolicy").Exists());
            if (!ended.Exists() || mayRestart || (policy == "OnFailure" && ended.At("exitCode").Integer(0) != 0))
                continue;
            foreach (var now in pod.At("status", list).Items())
                if (now.At("name").Text("") == name && !now.At("state", "terminated").Exists())
                    errors.Forbidden(path.Child(list).Index(index).Child("state"), "may not be transitioned to non-terminated state");
        }
    }

    private static void OnlyAddedTolerations(FieldErrors errors, JsonElement tolerations, JsonElement old, FieldPath path)
    {
        foreach (var before in old.Items())
            if (!tolerations.Items().Any(now => SemanticEquality.EqualExcept(now, before, ["tolerationSeconds"])))
            {
                errors.Forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
                return;
            }
        SchedulingValidation.Tolerations(errors, tolerations, path);
    }

    private static void OnlyDeletedGates(FieldErrors errors, JsonElement gates, JsonElement old, FieldPath path)
    {
        var index = 0;
        foreach (var gate in gates.Items())
        {
            var at = path.Index(index++);
            var name = gate.At("name").Text("");
            if (!old.Items().Any(before => before.At("name").Text("") == name))
                errors.Forbidden(at.Child("name"), $"only deletion is allowed, but found new scheduling gate '{name}'");
        }
    }

    private static JsonObject Munged(JsonElement spec, JsonElement old)
    {
        var munged = spec.ToObject();
        foreach (var list in ContainerType.WorkloadContainers.Fields())
        {
            var index = 0;
            foreach (var container in PodSpecDefaults.Objects(munged, list))
                container["image"] = old.At(list)[index++].At("image").ToNode();
        }
        foreach (var field in (ReadOnlySpan<string>)["activeDeadlineSeconds", "schedulingGates", "tolerations"])
            Restore(munged, old, field);
        if (old.At("terminationGracePeriodSeconds").Integer() < 0 && spec.At("terminationGracePeriodSeconds").Integer() == 1)
            Restore(munged, old, "terminationGracePeriodSeconds");
        return munged;
    }

    private static void Restore(JsonObject munged, JsonElement old, string field)
    {
        munged.Remove(field);
        if (old.At(field).ToNode() is { } value)
            munged[field] = value;
    }

    // While a pod is held back, where it may run can be narrowed.
    private static void Gated(FieldErrors errors, JsonObject munged, JsonElement spec, JsonElement old, FieldPath path)
    {
        foreach (var label in old.At("nodeSelector").Fields())
            if (!SemanticEquality.Equal(label.Value, spec.At("nodeSelector", label.Name)))
                errors.Invalid(path.Child("nodeSelector"), GoText.RenderMap(spec.At("nodeSelector")),
                    "only additions to spec.nodeSelector are allowed (no mutations or deletions)", rendered: true);
        Restore(munged, old, "nodeSelector");
        if (SemanticEquality.Equal(spec.At("affinity", "nodeAffinity"), old.At("affinity", "nodeAffinity")))
            return;
        var affinity = munged.Ensure("affinity");
        affinity.Remove("nodeAffinity");
        if (old.At("affinity", "nodeAffinity").ToNode() is { } before)
            affinity["nodeAffinity"] = before;
        if (affinity.Count == 0)
            munged.Remove("affinity");
    }
}
