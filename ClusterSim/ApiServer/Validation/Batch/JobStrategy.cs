using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Batch;

/// <summary>Jobs. Unless its writer asks to choose it, a Job's selector is made of its uid.</summary>
internal sealed class JobStrategy : KindStrategy
{
    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["status.successful"] = job => job.At("status", "succeeded").Integer(0).ToString(),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("batch", "v1", "Job");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        PodSpecDefaults.DefaultTemplate(spec);
        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec["completions"] = 1;
            spec["parallelism"] = 1;
        }
        spec.Default("parallelism", 1);
        spec.Default("backoffLimit", spec["backoffLimitPerIndex"] is null ? 6 : int.MaxValue);
        LabelsFromTemplate(@object);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("manualSelector", false);
        if (spec["podFailurePolicy"] is JsonObject policy)
            foreach (var rule in PodSpecDefaults.Objects(policy, "rules"))
                foreach (var condition in PodSpecDefaults.Objects(rule, "onPodConditions"))
                    condition.Default("status", "True");
        spec.Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        @object.Ensure("status");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        @object["status"] = new JsonObject();
        var spec = @object.Ensure("spec");
        if (spec["manualSelector"] is JsonValue flag && flag.TryGetValue<bool>(out var isManual) && isManual)
            return;
        var metadata = @object.Ensure("metadata");
        var (uid, name) = (metadata.Text("uid") ?? "", metadata.Text("name") ?? "");
        var labels = spec.Ensure("template").Ensure("metadata").Ensure("labels");
        // What the writer put there stays, and is refused by validation.
        foreach (var (label, value) in (ReadOnlySpan<(string, string)>)
            [
                ("batch.kubernetes.io/controller-uid", uid), ("batch.kubernetes.io/job-name", name), ("controller-uid", uid), ("job-name", name),
            ])
            labels.Default(label, value);
        spec.Ensure("selector").Ensure("matchLabels").Default("batch.kubernetes.io/controller-uid", uid);
        LabelsFromTemplate(@object);
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        GeneratedSelector(errors, @object);
        JobValidation.Spec(errors, @object.At("spec"), FieldPath.Spec);
        Selector(errors, @object.At("spec"), FieldPath.Spec);
        var spec = @object.At("spec");
        if (spec.At("completionMode").Text() == "Indexed" && spec.At("completions").Integer() is { } completions and > 0)
        {
            var host = $"{@object.At("metadata", "name").Text("")}-{completions - 1}";
            if (NameRules.DnsLabel(host).Count > 0)
                errors.Invalid(FieldPath.Metadata.Child("name"), @object.At("metadata", "name").Text(""),
                    $"will not able to create pod with invalid DNS label: {host}");
        }
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        JobValidation.Spec(errors, @object.At("spec"), FieldPath.Spec);
        Selector(errors, @object.At("spec"), FieldPath.Spec);
        JobValidation.Update(errors, @object.At("spec"), old, FieldPath.Spec);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        JobValidation.Status(errors, @object, old);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var spec = @object.At("spec");
        var warnings = new List<string>();
        if (!old.Exists() && NameRules.DnsLabel(@object.At("metadata", "name").Text("")) is { Count: > 0 } messages)
            warnings.Add("metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: "
                + $"[{string.Join(' ', messages)}]");
        if (spec.At("completionMode").Text() == "Indexed" && spec.At("completions").Integer() > 100_000 && spec.At("parallelism").Integer() > 10_000)
            warnings.Add("In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to "
                + "track completedIndexes when a big number of indexes fail");
        warnings.AddRange(PodWarnings.OfTemplate(spec.At("template"), FieldPath.Spec.Child("template")));
        return warnings;
    }

    private static void LabelsFromTemplate(JsonObject job)
    {
        if (job["spec"]?["template"]?["metadata"]?["labels"] is JsonObject { Count: > 0 } labels
            && job.Ensure("metadata")["labels"] is not JsonObject { Count: > 0 })
            job.Ensure("metadata")["labels"] = labels.DeepClone();
    }

    private static void GeneratedSelector(FieldErrors errors, JsonElement job)
    {
        var spec = job.At("spec");
        if (spec.At("manualSelector").Flag(false) || !spec.At("selector").Exists())
            return;
        var (uid, name) = (job.At("metadata", "uid").Text(""), job.At("metadata", "name").Text(""));
        if (uid.Length == 0)
            errors.Required(FieldPath.Metadata.Child("uid"));
        var labels = spec.At("template", "metadata", "labels");
        foreach (var (label, value) in (ReadOnlySpan<(string, string)>)
            [
                ("controller-uid", uid), ("job-name", name), ("batch.kubernetes.io/controller-uid", uid), ("batch.kubernetes.io/job-name", name),
            ])
        {
            var path = FieldPath.Spec.Child("template", "metadata", "labels").Key(label);
            if (labels.At(label).Text() is not { } found)
                errors.Required(path, $"must be '{value}'");
            else if (found != value)
                errors.Invalid(path, GoText.RenderMap(labels), $"must be '{value}'", rendered: true);
        }
        var expected = JsonBuilding.Object(
            ("controller-uid", uid), ("job-name", name), ("batch.kubernetes.io/controller-uid", uid), ("batch.kubernetes.io/job-name", name)).ToElement();
        if (LabelValidation.Matches(spec.At("selector"), expected) == false)
            errors.Invalid(FieldPath.Spec.Child("selector"), spec.At("selector"), "`selector` not auto-generated");
    }

    private static void Selector(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        if (!spec.At("selector").Exists())
            errors.Required(path.Child("selector"));
        else
            LabelValidation.Selector(errors, spec.At("selector"), path.Child("selector"));
        if (LabelValidation.Matches(spec.At("selector"), spec.At("template", "metadata", "labels")) == false)
            PodTemplateValidation.Selected(errors, spec.At("template"), path.Child("template"));
    }
}
