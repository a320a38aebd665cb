using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Networking;

/// <summary>IngressClasses.</summary>
internal sealed class IngressClassStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("networking.k8s.io", "v1", "IngressClass");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        if (@object.Ensure("spec")["parameters"] is JsonObject parameters)
            parameters.Default("scope", "Cluster");
    }

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
        if (@object.At("spec", "controller").Text("") is var controller && controller != old.At("spec", "controller").Text(""))
            errors.Invalid(FieldPath.Spec.Child("controller"), controller, "field is immutable");
        Spec(errors, @object.At("spec"));
        return errors;
    }

    /// <summary>A reference to an object of any kind in the same namespace.</summary>
    public static void Reference(FieldErrors errors, JsonElement reference, FieldPath path)
    {
        if (reference.At("apiGroup").Text() is { } group)
            errors.InvalidEach(path.Child("apiGroup"), group, NameRules.DnsSubdomain(group));
        foreach (var field in (ReadOnlySpan<string>)["kind", "name"])
            if (reference.At(field).Text("") is var value && value.Length == 0)
                errors.Required(path.Child(field));
            else
                errors.InvalidEach(path.Child(field), value, NameRules.PathSegmentName(value));
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        var path = FieldPath.Spec;
        var controller = spec.At("controller").Text("");
        if (controller.Length > 250)
            errors.TooLong(path.Child("controller"), 250);
        NameRules.DomainPrefixedPath(errors, path.Child("controller"), controller);
        var parameters = spec.At("parameters");
        if (!parameters.Exists())
            return;
        var at = path.Child("parameters");
        Reference(errors, parameters, at);
        var (scope, @namespace) = (parameters.At("scope").Text(), parameters.At("namespace").Text());
        switch (scope)
        {
            case null:
                errors.Required(at.Child("scope"));
                break;
            case "Namespace" when @namespace is null:
                errors.Required(at.Child("namespace"), "`parameters.scope` is set to 'Namespace'");
                break;
            case "Namespace":
                errors.InvalidEach(at.Child("namespace"), @namespace, NameRules.DnsLabel(@namespace));
                break;
            case "Cluster":
                if (@namespace is not null)
                    errors.Forbidden(at.Child("namespace"), "`parameters.scope` is set to 'Cluster'");
                break;
            default:
                errors.NotSupported(at.Child("scope"), scope, "Cluster", "Namespace");
                break;
        }
    }
}
