using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.AdmissionRegistration;

/// <summary>MutatingWebhookConfigurations and ValidatingWebhookConfigurations: stored with their defaults, held to their rules, and not acted on.</summary>
internal sealed class WebhookConfigurationStrategy(bool mutates) : KindStrategy
{
    private const int MatchConditionsMax = 64;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("admissionregistration.k8s.io", "v1", mutates ? "MutatingWebhookConfiguration" : "ValidatingWebhookConfiguration");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        foreach (var webhook in PodSpecDefaults.Objects(@object, "webhooks"))
        {
            webhook.Default("failurePolicy", "Fail");
            webhook.Default("matchPolicy", "Equivalent");
            webhook.Ensure("namespaceSelector");
            webhook.Ensure("objectSelector");
            webhook.Default("timeoutSeconds", 10);
            if (mutates)
                webhook.Default("reinvocationPolicy", "Never");
            foreach (var rule in PodSpecDefaults.Objects(webhook, "rules"))
                rule.Default("scope", "*");
            if ((webhook["clientConfig"] as JsonObject)?["service"] is JsonObject service)
                service.Default("port", 443);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var webhook in @object.At("webhooks").Items())
        {
            var path = FieldPath.Of("webhooks").Index(index++);
            Webhook(errors, webhook, path);
            ReviewVersions(errors, webhook.At("admissionReviewVersions"), path.Child("admissionReviewVersions"));
            if (webhook.At("name").Text("") is { Length: > 0 } name && !names.Add(name))
                errors.Duplicate(path.Child("name"), name);
        }
        return errors;
    }

    private void Webhook(FieldErrors errors, JsonElement webhook, FieldPath path)
    {
        FullyQualified(errors, webhook.At("name").Text(""), path.Child("name"));
        var index = 0;
        foreach (var rule in webhook.At("rules").Items())
            WebhookRules.Validate(errors, rule, path.Child("rules").Index(index++));
        OneOf(errors, webhook, "failurePolicy", path, "Fail", "Ignore");
        OneOf(errors, webhook, "matchPolicy", path, "Equivalent", "Exact");
        if (webhook.At("sideEffects").Exists())
            OneOf(errors, webhook, "sideEffects", path, "None", "NoneOnDryRun");
        else
            errors.Required(path.Child("sideEffects"), "must specify one of None, NoneOnDryRun");
        if (webhook.At("timeoutSeconds").Integer() is { } seconds and (< 1 or > 30))
            errors.Invalid(path.Child("timeoutSeconds"), seconds, "the timeout value must be between 1 and 30 seconds");
        LabelValidation.Selector(errors, webhook.At("namespaceSelector"), path.Child("namespaceSelector"));
        LabelValidation.Selector(errors, webhook.At("objectSelector"), path.Child("objectSelector"));
        if (mutates)
            OneOf(errors, webhook, "reinvocationPolicy", path, "IfNeeded", "Never");
        WebhookClient.Validate(errors, webhook.At("clientConfig"), path.Child("clientConfig"));
        MatchConditions(errors, webhook.At("matchConditions"), path.Child("matchConditions"));
    }

    private static void OneOf(FieldErrors errors, JsonElement webhook, string field, FieldPath path, params ReadOnlySpan<string> supported)
    {
        if (webhook.At(field).Text() is { } value && !supported.Contains(value))
            errors.NotSupported(path.Child(field), value, supported);
    }

    private static void FullyQualified(FieldErrors errors, string name, FieldPath path)
    {
        if (name.Length == 0)
            errors.Required(path);
        else if (NameRules.DnsSubdomain(name) is { Count: > 0 } wrong)
            errors.Invalid(path, name, string.Join(',', wrong));
        else if (name.Split('.').Length < 3)
            errors.Invalid(path, name, "should be a domain with at least three segments separated by dots");
    }

    private static void ReviewVersions(FieldErrors errors, JsonElement versions, FieldPath path)
    {
        if (versions.Count() == 0)
        {
            errors.Required(path, "must specify one of v1, v1beta1");
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Count(); i++)
        {
            var version = versions[i].Text("");
            if (seen.Add(version))
                errors.InvalidEach(path.Index(i), version, NameRules.Dns1035Label(version));
            else
                errors.Invalid(path.Index(i), version, "duplicate version");
        }
        if (!seen.Contains("v1") && !seen.Contains("v1beta1"))
            errors.Invalid(path, versions, "must include at least one of v1, v1beta1");
    }

    private static void MatchConditions(FieldErrors errors, JsonElement conditions, FieldPath path)
    {
        if (conditions.Count() > MatchConditionsMax)
            errors.TooMany(path, conditions.Count(), MatchConditionsMax);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < conditions.Count(); i++)
        {
            var name = conditions[i].At("name").Text("");
            if (conditions[i].At("expression").Text("").Trim().Length == 0)
                errors.Required(path.Index(i).Child("expression"));
            if (name.Length == 0)
                errors.Required(path.Index(i).Child("name"));
            else
                errors.InvalidEach(path.Index(i).Child("name"), name, NameRules.QualifiedName(name));
            if (name.Length > 0 && !names.Add(name))
                errors.Duplicate(path.Index(i).Child("name"), name);
        }
    }
}
