using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Batch;

/// <summary>CronJobs.</summary>
internal sealed class CronJobStrategy : KindStrategy
{
    private const int MaximumNameLength = 52;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("batch", "v1", "CronJob");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        if (spec.Text("concurrencyPolicy") is null or "")
            spec["concurrencyPolicy"] = "Allow";
        spec.Default("suspend", false);
        spec.Default("successfulJobsHistoryLimit", 3);
        spec.Default("failedJobsHistoryLimit", 1);
        var template = spec.Ensure("jobTemplate");
        template.Ensure("metadata");
        PodSpecDefaults.DefaultTemplate(template.Ensure("spec"));
        @object.Ensure("status");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = new JsonObject();

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"), default);
        var name = @object.At("metadata", "name").Text("");
        if (name.Length > MaximumNameLength)
            errors.Invalid(FieldPath.Metadata.Child("name"), name, $"must be no more than {MaximumNameLength} characters");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"), old.At("spec"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var warnings = new List<string>();
        var spec = @object.At("spec");
        if (!old.Exists() && NameRules.DnsLabel(@object.At("metadata", "name").Text("")) is { Count: > 0 } messages)
            warnings.Add("metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: "
                + $"[{string.Join(' ', messages)}]");
        warnings.AddRange(PodWarnings.OfTemplate(spec.At("jobTemplate", "spec", "template"), FieldPath.Spec.Child("jobTemplate", "spec", "template")));
        if (spec.At("schedule").Text("").Contains("TZ", StringComparison.Ordinal))
            warnings.Add("CRON_TZ or TZ used in spec.schedule is not officially supported, see "
                + "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details");
        return warnings;
    }

    private static void Spec(FieldErrors errors, JsonElement spec, JsonElement old)
    {
        var path = FieldPath.Spec;
        var schedule = spec.At("schedule").Text("");
        if (schedule.Length == 0)
        {
            errors.Required(path.Child("schedule"));
        }
        else
        {
            try
            {
                CronParser.ParseStandard(schedule);
            }
            catch (FormatException ex)
            {
                errors.Invalid(path.Child("schedule"), schedule, ex.Message);
            }
            var toleratesZone = old.At("schedule").Text("").Contains("TZ", StringComparison.Ordinal);
            if (schedule.Contains("TZ", StringComparison.Ordinal))
            {
                if (!toleratesZone)
                    errors.Invalid(path.Child("schedule"), schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
                else if (spec.At("timeZone").Exists())
                    errors.Invalid(path.Child("schedule"), schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
            }
        }
        NumberRules.NonNegative(errors, spec, "startingDeadlineSeconds", path);
        if (!old.Exists() || !SemanticEquality.Equal(old.At("timeZone"), spec.At("timeZone")))
            TimeZones.Validate(errors, spec.At("timeZone").Text(), path.Child("timeZone"));
        PodSpecValidation.OneOf(errors, spec.At("concurrencyPolicy").Text(""), path.Child("concurrencyPolicy"), "Allow", "Forbid", "Replace");
        var template = spec.At("jobTemplate", "spec");
        var at = path.Child("jobTemplate", "spec");
        JobValidation.Spec(errors, template, at);
        if (template.At("selector").Exists())
            errors.Invalid(at.Child("selector"), template.At("selector"), "`selector` will be auto-generated");
        if (template.At("manualSelector").Flag(false))
            errors.NotSupportedRendered(at.Child("manualSelector"), "true", "nil", "false");
        NumberRules.NonNegative(errors, spec, "successfulJobsHistoryLimit", path);
        NumberRules.NonNegative(errors, spec, "failedJobsHistoryLimit", path);
    }
}
