using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>ResourceQuotas.</summary>
internal sealed class ResourceQuotaStrategy : KindStrategy
{
    private static readonly string[] ComputeNames =
    [
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
        "limits.ephemeral-storage", "pods",
    ];

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "ResourceQuota");

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        @object.Ensure("spec");
        @object.Ensure("status");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = new JsonObject();

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        var scopes = @object.At("spec", "scopes");
        var before = old.At("spec", "scopes").Items().Select(scope => scope.Text("")).ToHashSet(StringComparer.Ordinal);
        if (!before.SetEquals(scopes.Items().Select(scope => scope.Text(""))))
            errors.Invalid(FieldPath.Of("spec", "scopes"), scopes, "field is immutable");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Amounts(errors, @object.At("status", "hard"), FieldPath.Of("status", "hard"));
        Amounts(errors, @object.At("status", "used"), FieldPath.Of("status", "used"));
        return errors;
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        Amounts(errors, spec.At("hard"), FieldPath.Spec.Child("hard"));
        var scopes = spec.At("scopes");
        var path = FieldPath.Spec.Child("scopes");
        foreach (var scope in scopes.Items())
            Scope(errors, scope.Text(""), spec, path, path, scopes);
        Conflicting(errors, scopes.Items().Select(scope => scope.Text("")), path, scopes);

        var expressions = spec.At("scopeSelector", "matchExpressions");
        path = FieldPath.Spec.Child("scopeSelector", "matchExpressions");
        foreach (var expression in expressions.Items())
            Expression(errors, expression, spec, path);
        Conflicting(errors, expressions.Items().Select(expression => expression.At("scopeName").Text("")), path, scopes);
    }

    private static void Amounts(FieldErrors errors, JsonElement amounts, FieldPath path)
    {
        foreach (var amount in amounts.Fields())
        {
            ResourceValidation.QuotaName(errors, amount.Name, path.Key(amount.Name));
            ResourceValidation.AmountOf(errors, amount.Name, amount.Value, path.Key(amount.Name));
        }
    }

    private static void Scope(FieldErrors errors, string scope, JsonElement spec, FieldPath scopePath, FieldPath path, JsonElement shown)
    {
        if (scope is not ("Terminating" or "NotTerminating" or "BestEffort" or "NotBestEffort" or "PriorityClass" or "CrossNamespacePodAffinity"
            or "VolumeAttributesClass"))
            errors.Invalid(scopePath, shown, "unsupported scope");
        foreach (var name in spec.At("hard").Fields().Select(field => field.Name).Order(StringComparer.Ordinal))
        {
            var counts = scope switch
            {
                "Terminating" or "NotTerminating" or "NotBestEffort" or "PriorityClass" or "CrossNamespacePodAffinity" => ComputeNames.Contains(name),
                "BestEffort" => name == "pods",
                "VolumeAttributesClass" => name is "persistentvolumeclaims" or "requests.storage",
                _ => true,
            };
            if (ResourceValidation.IsStandardQuotaName(name) && !counts)
                errors.Invalid(path, shown, "unsupported scope applied to resource");
        }
    }

    private static void Expression(FieldErrors errors, JsonElement expression, JsonElement spec, FieldPath path)
    {
        var scope = expression.At("scopeName").Text("");
        var @operator = expression.At("operator").Text("");
        var values = expression.At("values");
        Scope(errors, scope, spec, path.Child("scopeName"), path, spec.At("scopeSelector"));
        if (scope is ("BestEffort" or "NotBestEffort" or "Terminating" or "NotTerminating" or "CrossNamespacePodAffinity") && @operator != "Exists")
            errors.Invalid(path.Child("operator"), @operator, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
                + "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
        switch (@operator)
        {
            case "In" or "NotIn":
                if (values.Count() == 0)
                    errors.Required(path.Child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
                break;
            case "Exists" or "DoesNotExist":
                if (values.Count() > 0)
                    errors.Invalid(path.Child("values"), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
                break;
            default:
                errors.Invalid(path.Child("operator"), @operator, "not a valid selector operator");
                break;
        }
    }

    private static void Conflicting(FieldErrors errors, IEnumerable<string> scopes, FieldPath path, JsonElement shown)
    {
        var set = scopes.ToHashSet(StringComparer.Ordinal);
        foreach (var scope in (ReadOnlySpan<string>)["BestEffort", "Terminating"])
            if (set.Contains(scope) && set.Contains("Not" + scope))
                errors.Invalid(path, shown, "conflicting scopes");
    }
}
