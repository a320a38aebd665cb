using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Batch;

/// <summary>The rules of a Job's spec, by itself and in a CronJob, and of its changes.</summary>
internal static class JobValidation
{
    private const int MaximumParallelism = 100_000;

    /// <summary>Checks a spec, its selector aside.</summary>
    public static void Spec(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        NumberRules.AllNonNegative(errors, spec, path, "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
            "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes");
        if (spec.At("maxFailedIndexes").Exists() && !spec.At("backoffLimitPerIndex").Exists())
            errors.Required(path.Child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
        if (spec.At("managedBy").Text() is { } manager)
        {
            NameRules.DomainPrefixedPath(errors, path.Child("managedBy"), manager);
            if (manager.Length > 63)
                errors.TooLong(path.Child("managedBy"), 63);
        }
        var mode = spec.At("completionMode").Text();
        if (mode is not (null or "NonIndexed" or "Indexed"))
            errors.NotSupported(path.Child("completionMode"), mode, "NonIndexed", "Indexed");
        if (mode == "Indexed")
            Indexed(errors, spec, path);
        else if (mode is null or "NonIndexed")
            foreach (var field in (ReadOnlySpan<string>)["backoffLimitPerIndex", "maxFailedIndexes"])
                if (spec.At(field).Integer() is { } value)
                    errors.Invalid(path.Child(field), value, "requires indexed completion mode");

        var failure = spec.At("podFailurePolicy");
        if (failure.Exists())
            FailurePolicy(errors, failure, spec, path.Child("podFailurePolicy"));
        if (spec.At("successPolicy") is var success && success.Exists())
        {
            if (mode != "Indexed")
                errors.Invalid(path.Child("successPolicy"), GoText.RenderInternal(success, ("Rules", "rules")), "requires indexed completion mode", rendered: true);
            else
                SuccessPolicy(errors, success, spec, path.Child("successPolicy"));
        }
        if (spec.At("podReplacementPolicy").Text() is { } replacement)
        {
            if (failure.Exists() && replacement != "Failed")
                errors.NotSupported(path.Child("podReplacementPolicy"), replacement, "Failed");
            else if (replacement is not ("Failed" or "TerminatingOrFailed"))
                errors.NotSupported(path.Child("podReplacementPolicy"), replacement, "Failed", "TerminatingOrFailed");
        }
        PodTemplateValidation.Validate(errors, spec.At("template"), path.Child("template"));
        var at = path.Child("template", "spec", "restartPolicy");
        var restart = spec.At("template", "spec", "restartPolicy").Text("");
        if (restart is "Always" or "")
            errors.Required(at, "valid values: \"OnFailure\", \"Never\"");
        else if (restart is not ("OnFailure" or "Never"))
            errors.NotSupported(at, restart, "OnFailure", "Never");
        else if (failure.Exists() && restart != "Never")
            errors.Invalid(at, restart, "only \"Never\" is supported when podFailurePolicy is specified");
    }

    /// <summary>What may not change: nearly everything.</summary>
    public static void Update(FieldErrors errors, JsonElement spec, JsonElement oldJob, FieldPath path)
    {
        var old = oldJob.At("spec");
        if (!SemanticEquality.Equal(spec.At("completions"), old.At("completions")))
        {
            if (spec.At("completionMode").Text() != "Indexed")
                errors.Invalid(path.Child("completions"), spec.At("completions"), "field is immutable");
            else if (spec.At("completions").Integer() != spec.At("parallelism").Integer())
                errors.Invalid(path.Child("completions"), spec.At("completions"), "can only be modified in tandem with spec.parallelism");
        }
        Immutable(errors, spec, old, "selector", path);
        if (!SemanticEquality.Equal(ComparableTemplate(spec, oldJob), ComparableTemplate(old, oldJob)))
            errors.Invalid(path.Child("template"), spec.At("template"), "field is immutable");
        foreach (var field in (ReadOnlySpan<string>)["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"])
            Immutable(errors, spec, old, field, path);
    }

    /// <summary>The rules of a Job's status.</summary>
    public static void Status(FieldErrors errors, JsonElement job, JsonElement old)
    {
        var status = job.At("status");
        var path = FieldPath.Status;
        NumberRules.AllNonNegative(errors, status, path, "active", "succeeded", "failed", "ready", "terminating");
        var (complete, failed) = (Condition(job, "Complete"), Condition(job, "Failed"));
        var (criteriaMet, failureTarget) = (Condition(job, "SuccessCriteriaMet"), Condition(job, "FailureTarget"));
        var conditions = path.Child("conditions");
        if (complete && failed)
            errors.InvalidOmitted(conditions, "cannot set Complete=True and Failed=true conditions");
        if (complete && failureTarget)
            errors.InvalidOmitted(conditions, "cannot set Complete=True and FailureTarget=true conditions");
        if (status.At("completionTime").Exists() && !complete)
            errors.Invalid(path.Child("completionTime"), status.At("completionTime"), "cannot set completionTime when there is no Complete=True condition");
        if (!status.At("completionTime").Exists() && complete)
            errors.Required(path.Child("completionTime"), "completionTime is required for Complete jobs");
        if (status.At("startTime").Time() > status.At("completionTime").Time())
            errors.Invalid(path.Child("completionTime"), status.At("completionTime"), "completionTime cannot be set before startTime");
        if (failed && !failureTarget)
            errors.InvalidOmitted(conditions, "cannot set Failed=True condition without the FailureTarget=true condition");
        if (complete && !criteriaMet)
            errors.InvalidOmitted(conditions, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
        if ((complete || failed) && status.At("active").Integer(0) is var active and > 0)
            errors.Invalid(path.Child("active"), active, "active>0 is invalid for finished job");
        if ((complete || failed) && !status.At("startTime").Exists())
            errors.Required(path.Child("startTime"), "startTime is required for finished job");
        if ((complete || failed) && status.At("terminating").Integer(0) is var terminating and > 0)
            errors.Invalid(path.Child("terminating"), terminating, "terminating>0 is invalid for finished job");
        if (status.At("ready").Integer(0) is var ready && ready > status.At("active").Integer(0))
            errors.Invalid(path.Child("ready"), ready, "cannot set more ready pods than active");
        if (criteriaMet && failed)
            errors.InvalidOmitted(conditions, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
        if (criteriaMet && failureTarget)
            errors.InvalidOmitted(conditions, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        foreach (var type in (ReadOnlySpan<string>)["Failed", "Complete", "FailureTarget"])
            if (Condition(old, type) && !Condition(job, type))
                errors.InvalidOmitted(conditions, $"cannot disable the terminal {type}=True condition");
        foreach (var count in (ReadOnlySpan<string>)["failed", "succeeded"])
            if (status.At(count).Integer(0) < old.At("status", count).Integer(0) && (Condition(old, "Complete") || Condition(old, "Failed")))
                errors.Invalid(path.Child(count), status.At(count).Integer(0), $"cannot decrease the {count} counter");
        if (old.At("status", "startTime").Exists() && !SemanticEquality.Equal(old.At("status", "startTime"), status.At("startTime"))
            && !job.At("spec", "suspend").Flag(false))
            errors.Required(path.Child("startTime"), "startTime cannot be removed for unsuspended job");
    }

    private static bool Condition(JsonElement job, string type)
    {
        foreach (var condition in job.At("status", "conditions").Items())
            if (condition.At("type").Text() == type && condition.At("status").Text() == "True")
                return true;
        return false;
    }

    // A suspended Job that never started may still be told where to run.
    private static JsonElement ComparableTemplate(JsonElement spec, JsonElement oldJob)
    {
        var template = spec.At("template");
        if (!oldJob.At("spec", "suspend").Flag(false) || oldJob.At("status", "startTime").Exists())
            return template;
        var copy = template.ToObject();
        var podSpec = copy.Ensure("spec");
        foreach (var field in (ReadOnlySpan<string>)["nodeSelector", "tolerations", "schedulingGates"])
            podSpec.Remove(field);
        (podSpec["affinity"] as JsonObject)?.Remove("nodeAffinity");
        copy.Ensure("metadata").Remove("labels");
        copy.Ensure("metadata").Remove("annotations");
        return copy.ToElement();
    }

    private static void Immutable(FieldErrors errors, JsonElement spec, JsonElement old, string field, FieldPath path)
    {
        if (!SemanticEquality.Equal(spec.At(field), old.At(field)))
            errors.Invalid(path.Child(field), spec.At(field), "field is immutable");
    }

    private static void Indexed(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        var (completions, parallelism, maxFailed) =
            (spec.At("completions").Integer(), spec.At("parallelism").Integer(), spec.At("maxFailedIndexes").Integer());
        if (completions is null)
            errors.Required(path.Child("completions"), "when completion mode is Indexed");
        if (parallelism > MaximumParallelism)
            errors.Invalid(path.Child("parallelism"), parallelism.Value, $"must be less than or equal to {MaximumParallelism} when completion mode is Indexed");
        if (maxFailed > completions)
            errors.Invalid(path.Child("maxFailedIndexes"), maxFailed.Value, "must be less than or equal to completions");
        if (maxFailed > MaximumParallelism)
            errors.Invalid(path.Child("maxFailedIndexes"), maxFailed.Value, $"must be less than or equal to {MaximumParallelism}");
        if (!(completions > MaximumParallelism) || !spec.At("backoffLimitPerIndex").Exists())
            return;
        const string High = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
        if (maxFailed is null)
            errors.Required(path.Child("maxFailedIndexes"), "must be specified when completions is above 100000");
        if (parallelism > 10_000)
            errors.Invalid(path.Child("parallelism"), parallelism.Value, High);
        if (maxFailed > 10_000)
            errors.Invalid(path.Child("maxFailedIndexes"), maxFailed.Value, High);
    }

    private static void FailurePolicy(FieldErrors errors, JsonElement policy, JsonElement spec, FieldPath path)
    {
        var rules = policy.At("rules");
        if (rules.Count() > 20)
            errors.TooMany(path.Child("rules"), rules.Count(), 20);
        var names = spec.At("template", "spec").VisitContainers(ContainerType.WorkloadContainers)
            .Select(container => container.At("name").Text("")).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < rules.Count(); i++)
        {
            var (rule, at) = (rules[i], path.Child("rules").Index(i));
            var action = rule.At("action").Text("");
            if (action.Length == 0)
                errors.Required(at.Child("action"), "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
            else if (action == "FailIndex" && !spec.At("backoffLimitPerIndex").Exists())
                errors.Invalid(at.Child("action"), action, "requires the backoffLimitPerIndex to be set");
            else if (action is not ("Count" or "FailIndex" or "FailJob" or "Ignore"))
                errors.NotSupported(at.Child("action"), action, "Count", "FailIndex", "FailJob", "Ignore");
            var (codes, conditions) = (rule.At("onExitCodes"), rule.At("onPodConditions"));
            if (codes.Exists())
                ExitCodes(errors, codes, names, at.Child("onExitCodes"));
            if (conditions.Count() > 20)
                errors.TooMany(at.Child("onPodConditions"), conditions.Count(), 20);
            for (var j = 0; j < conditions.Count(); j++)
            {
                var condition = at.Child("onPodConditions").Index(j);
                errors.InvalidEach(condition.Child("type"), conditions[j].At("type").Text(""), NameRules.QualifiedName(conditions[j].At("type").Text("")));
                if (conditions[j].At("status").Text("") is var status && status.Length == 0)
                    errors.Required(condition.Child("status"), "valid values: [\"False\" \"True\" \"Unknown\"]");
                else if (status is not ("True" or "False" or "Unknown"))
                    errors.NotSupported(condition.Child("status"), status, "False", "True", "Unknown");
            }
            if (codes.Exists() && conditions.Count() > 0)
                errors.InvalidOmitted(at, "specifying both OnExitCodes and OnPodConditions is not supported");
            if (!codes.Exists() && conditions.Count() == 0)
                errors.InvalidOmitted(at, "specifying one of OnExitCodes and OnPodConditions is required");
        }
    }

    private static void ExitCodes(FieldErrors errors, JsonElement codes, HashSet<string> containers, FieldPath path)
    {
        var @operator = codes.At("operator").Text("");
        if (@operator.Length == 0)
            errors.Required(path.Child("operator"), "valid values: [\"In\" \"NotIn\"]");
        else if (@operator is not ("In" or "NotIn"))
            errors.NotSupported(path.Child("operator"), @operator, "In", "NotIn");
        if (codes.At("containerName").Text() is { } name && !containers.Contains(name))
            errors.Invalid(path.Child("containerName"), name, "must be one of the container or initContainer names in the pod template");
        var values = codes.At("values");
        var at = path.Child("values");
        if (values.Count() == 0)
            errors.Invalid(at, values, "at least one value is required");
        else if (values.Count() > 255)
            errors.TooMany(at, values.Count(), 255);
        var seen = new HashSet<long>();
        var ordered = true;
        for (var i = 0; i < values.Count(); i++)
        {
            var code = values[i].Integer() ?? 0;
            if (@operator == "In" && code == 0)
                errors.Invalid(at.Index(i), code, "must not be 0 for the In operator");
            if (!seen.Add(code))
                errors.Duplicate(at.Index(i), code);
            ordered &= i == 0 || (values[i - 1].Integer() ?? 0) <= code;
        }
        if (!ordered)
            errors.Invalid(at, values, "must be ordered");
    }

    private static void SuccessPolicy(FieldErrors errors, JsonElement policy, JsonElement spec, FieldPath path)
    {
        var rules = policy.At("rules");
        var completions = spec.At("completions").Integer() ?? 0;
        if (rules.Count() == 0)
            errors.Required(path.Child("rules"), "at least one rules must be specified when the successPolicy is specified");
        if (rules.Count() > 20)
            errors.TooMany(path.Child("rules"), rules.Count(), 20);
        for (var i = 0; i < rules.Count(); i++)
        {
            var (count, indexes) = (rules[i].At("succeededCount").Integer(), rules[i].At("succeededIndexes").Text());
            var at = path.Child("rules").Index(i);
            if (count is null && indexes is null)
                errors.Required(at, "at least one of succeededCount or succeededIndexes must be specified");
            var total = 0L;
            if (indexes is not null && Indexes(indexes, completions, out total) is { } fault)
                errors.Invalid(at.Child("succeededIndexes"), indexes, $"error parsing succeededIndexes: {fault}");
            if (count is null)
                continue;
            var countPath = at.Child("succeededCount");
            NumberRules.NonNegative(errors, rules[i].At("succeededCount"), countPath);
            if (count > completions)
                errors.Invalid(countPath, count.Value, $"must be less than or equal to {completions} (the number of specified completions)");
            if (indexes is not null && count > total)
                errors.Invalid(countPath, count.Value, $"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)");
        }
    }

    // Indexes are written as "1,3-5,7".
    private static string? Indexes(string text, long completions, out long total)
    {
        total = 0;
        if (text.Length == 0)
            return null;
        long? last = null;
        foreach (var interval in text.Split(','))
        {
            var parts = interval.Split('-');
            if (parts.Length > 2)
                return $"the fragment {GoText.Quote(interval)} violates the requirement that an index interval can have at most two parts separated by '-'";
            var ends = new long[parts.Length];
            for (var i = 0; i < parts.Length; i++)
            {
                if (!long.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ends[i]))
                    return $"cannot convert string to integer for index: {GoText.Quote(parts[i])}";
                if (ends[i] >= completions)
                    return $"too large index: {GoText.Quote(parts[i])}";
            }
            if (ends.Length == 2 && ends[0] >= ends[1])
                return $"non-increasing order, previous: {ends[0]}, current: {ends[1]}";
            if (last >= ends[0])
                return $"non-increasing order, previous: {last}, current: {ends[0]}";
            total += ends[^1] - ends[0] + 1;
            last = ends[^1];
        }
        return null;
    }
}
