using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of where a pod may run: affinities, tolerations, spreading.</summary>
internal static class SchedulingValidation
{
    private const string Required = "requiredDuringSchedulingIgnoredDuringExecution";
    private const string Preferred = "preferredDuringSchedulingIgnoredDuringExecution";

    /// <summary>All three affinities.</summary>
    public static void Affinity(FieldErrors errors, JsonElement affinity, FieldPath path)
    {
        if (!affinity.Exists())
            return;
        var node = affinity.At("nodeAffinity");
        var nodePath = path.Child("nodeAffinity");
        if (node.At(Required).Exists())
            NodeSelector(errors, node.At(Required), nodePath.Child(Required));
        var index = 0;
        foreach (var term in node.At(Preferred).Items())
        {
            var at = nodePath.Child(Preferred).Index(index++);
            Weight(errors, term, at);
            NodeSelectorTerm(errors, term.At("preference"), at.Child("preference"), checksValues: false);
        }
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            index = 0;
            foreach (var term in affinity.At(kind, Required).Items())
                PodTerm(errors, term, path.Child(kind, Required).Index(index++));
            index = 0;
            foreach (var term in affinity.At(kind, Preferred).Items())
            {
                var at = path.Child(kind, Preferred).Index(index++);
                Weight(errors, term, at);
                PodTerm(errors, term.At("podAffinityTerm"), at.Child("podAffinityTerm"));
            }
        }
    }

    /// <summary>Which nodes: of pods and of volumes.</summary>
    public static void NodeSelector(FieldErrors errors, JsonElement selector, FieldPath path)
    {
        var terms = selector.At("nodeSelectorTerms");
        if (terms.Count() == 0)
        {
            errors.Required(path.Child("nodeSelectorTerms"), "must have at least one node selector term");
            return;
        }
        var index = 0;
        foreach (var term in terms.Items())
            NodeSelectorTerm(errors, term, path.Child("nodeSelectorTerms").Index(index++), checksValues: true);
    }

    /// <summary>Which taints are borne.</summary>
    public static void Tolerations(FieldErrors errors, JsonElement tolerations, FieldPath path)
    {
        var index = 0;
        foreach (var toleration in tolerations.Items())
        {
            var at = path.Index(index++);
            var key = toleration.At("key").Text("");
            var @operator = toleration.At("operator").Text("");
            var value = toleration.At("value").Text("");
            var effect = toleration.At("effect").Text("");
            if (key.Length > 0)
                LabelValidation.Key(errors, key, at.Child("key"));
            else if (@operator != "Exists")
                errors.Invalid(at.Child("operator"), @operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            if (toleration.At("tolerationSeconds").Exists() && effect != "NoExecute")
                errors.Invalid(at.Child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
            switch (@operator)
            {
                case "Equal" or "":
                    if (NameRules.LabelValue(value) is { Count: > 0 } messages)
                        errors.Invalid(at.Child("operator"), value, string.Join(';', messages));
                    break;
                case "Exists":
                    if (value.Length > 0)
                        errors.Invalid(at.Child("operator"), value, "value must be empty when `operator` is 'Exists'");
                    break;
                default:
                    errors.NotSupported(at.Child("operator"), @operator, "Equal", "Exists");
                    break;
            }
            if (effect.Length > 0)
                TaintEffect(errors, effect, at.Child("effect"));
        }
    }

    /// <summary>What a taint does.</summary>
    public static void TaintEffect(FieldErrors errors, string effect, FieldPath path) =>
        PodSpecValidation.OneOf(errors, effect, path, "NoSchedule", "PreferNoSchedule", "NoExecute");

    /// <summary>How pods are to be spread.</summary>
    public static void TopologySpread(FieldErrors errors, JsonElement constraints, FieldPath path)
    {
        if (constraints.Count() == 0)
            return;
        var seen = constraints.Items().Select(constraint => (constraint.At("topologyKey").Text(""), constraint.At("whenUnsatisfiable").Text(""))).ToList();
        var index = -1;
        foreach (var constraint in constraints.Items())
        {
            var at = path.Index(++index);
            var (key, action) = seen[index];
            if (constraint.At("maxSkew").Integer() is null or <= 0)
                errors.Invalid(at.Child("maxSkew"), constraint.At("maxSkew").Integer() ?? 0, "must be greater than zero");
            if (key.Length == 0)
                errors.Required(at.Child("topologyKey"), "can not be empty");
            if (action is not ("DoNotSchedule" or "ScheduleAnyway"))
                errors.NotSupported(at.Child("whenUnsatisfiable"), action, "DoNotSchedule", "ScheduleAnyway");
            if (seen.IndexOf((key, action), index + 1) >= 0)
                errors.Duplicate(at.Child("{topologyKey, whenUnsatisfiable}"), $"{{{key}, {action}}}");
            if (constraint.At("minDomains").Integer() is { } domains)
            {
                if (domains <= 0)
                    errors.Invalid(at.Child("minDomains"), domains, "must be greater than zero");
                if (action != "DoNotSchedule")
                    errors.Invalid(at.Child("minDomains"), domains, $"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            }
            foreach (var policy in (ReadOnlySpan<string>)["nodeAffinityPolicy", "nodeTaintsPolicy"])
                if (constraint.At(policy).Text() is { } value && value is not ("Honor" or "Ignore"))
                    errors.NotSupported(at.Child(policy), value, "Honor", "Ignore");
            LabelKeys(errors, constraint, "matchLabelKeys", at);
            LabelValidation.Selector(errors, constraint.At("labelSelector"), at.Child("labelSelector"));
        }
    }

    private static void Weight(FieldErrors errors, JsonElement term, FieldPath path)
    {
        if (term.At("weight").Integer() is null or <= 0 or > 100)
            errors.Invalid(path.Child("weight"), term.At("weight").Integer() ?? 0, "must be in the range 1-100");
    }

    private static void NodeSelectorTerm(FieldErrors errors, JsonElement term, FieldPath path, bool checksValues)
    {
        var index = 0;
        foreach (var requirement in term.At("matchExpressions").Items())
        {
            var at = path.Child("matchExpressions").Index(index++);
            var values = requirement.At("values");
            switch (requirement.At("operator").Text(""))
            {
                case "In" or "NotIn":
                    if (values.Count() == 0)
                        errors.Required(at.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                    break;
                case "Exists" or "DoesNotExist":
                    if (values.Count() > 0)
                        errors.Forbidden(at.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    break;
                case "Gt" or "Lt":
                    if (values.Count() != 1)
                        errors.Required(at.Child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                    break;
                case var other:
                    errors.Invalid(at.Child("operator"), other, "not a valid selector operator");
                    break;
            }
            LabelValidation.Key(errors, requirement.At("key").Text(""), at.Child("key"));
            var valueIndex = 0;
            if (checksValues)
                foreach (var value in values.Items())
                    errors.InvalidEach(at.Child("values").Index(valueIndex++), value.Text(""), NameRules.LabelValue(value.Text("")));
        }
        index = 0;
        foreach (var requirement in term.At("matchFields").Items())
            FieldRequirement(errors, requirement, path.Child("matchFields").Index(index++));
    }

    private static void FieldRequirement(FieldErrors errors, JsonElement requirement, FieldPath path)
    {
        var @operator = requirement.At("operator").Text("");
        if (@operator is not ("In" or "NotIn"))
            errors.Invalid(path.Child("operator"), @operator, "not a valid selector operator");
        else if (requirement.At("values").Count() != 1)
            errors.Required(path.Child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
        if (requirement.At("key").Text("") is var key && key != "metadata.name")
        {
            errors.Invalid(path.Child("key"), key, "not a valid field selector key");
            return;
        }
        var index = 0;
        foreach (var value in requirement.At("values").Items())
            errors.InvalidEach(path.Child("values").Index(index++), value.Text(""), NameRules.DnsSubdomain(value.Text("")));
    }

    private static void PodTerm(FieldErrors errors, JsonElement term, FieldPath path)
    {
        LabelValidation.Selector(errors, term.At("labelSelector"), path.Child("labelSelector"));
        LabelValidation.Selector(errors, term.At("namespaceSelector"), path.Child("namespaceSelector"));
        foreach (var name in term.At("namespaces").Items())
            errors.InvalidEach(path.Child("namespace"), name.Text(""), NameRules.DnsLabel(name.Text("")));
        LabelKeys(errors, term, "matchLabelKeys", path);
        LabelKeys(errors, term, "mismatchLabelKeys", path);
        var key = term.At("topologyKey").Text("");
        if (key.Length == 0)
            errors.Required(path.Child("topologyKey"), "can not be empty");
        LabelValidation.Key(errors, key, path.Child("topologyKey"));
    }

    private static void LabelKeys(FieldErrors errors, JsonElement term, string field, FieldPath path)
    {
        var keys = term.At(field);
        if (keys.Count() == 0)
            return;
        var selector = term.At("labelSelector");
        if (!selector.Exists())
        {
            errors.Forbidden(path.Child(field), "must not be specified when labelSelector is not set");
            return;
        }
        var index = 0;
        foreach (var item in keys.Items())
        {
            var key = item.Text("");
            var at = path.Child(field).Index(index++);
            LabelValidation.Key(errors, key, at);
            if (field == "matchLabelKeys" && (selector.At("matchLabels", key).Exists()
                || selector.At("matchExpressions").Items().Any(expression => expression.At("key").Text("") == key)))
                errors.Invalid(at, key, "exists in both matchLabelKeys and labelSelector");
        }
    }
}
