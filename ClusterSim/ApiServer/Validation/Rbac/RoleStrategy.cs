using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Rbac;

/// <summary>Roles and ClusterRoles.</summary>
/// <param name="namespaced">Whether it is a Role.</param>
internal sealed class RoleStrategy(bool namespaced) : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("rbac.authorization.k8s.io", "v1", namespaced ? "Role" : "ClusterRole");

    /// <inheritdoc/>
    public override NameRule NameRule => NameRules.PathSegment;

    /// <inheritdoc/>
    public override bool AllowCreateOnUpdate => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        // Go always writes the rules.
        if (!@object.ContainsKey("rules"))
            @object["rules"] = null;
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => EmptyIsNull(@object);

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old) => EmptyIsNull(@object);

    // An empty list does not survive the way through etcd's protobuf. Its owner was recorded before.
    private static void EmptyIsNull(JsonObject @object)
    {
        if (@object["rules"] is JsonArray { Count: 0 })
            @object["rules"] = null;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var index = 0;
        foreach (var rule in @object.At("rules").Items())
            Rule(errors, rule, FieldPath.Of("rules").Index(index++));
        var selectors = @object.At("aggregationRule", "clusterRoleSelectors");
        if (namespaced || !@object.At("aggregationRule").Exists())
            return errors;
        var path = FieldPath.Of("aggregationRule", "clusterRoleSelectors");
        if (selectors.Count() == 0)
            errors.Required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
        for (var i = 0; i < selectors.Count(); i++)
            LabelValidation.Selector(errors, selectors[i], path.Index(i));
        return errors;
    }

    private void Rule(FieldErrors errors, JsonElement rule, FieldPath path)
    {
        if (rule.At("verbs").Count() == 0)
            errors.Required(path.Child("verbs"), "verbs must contain at least one value");
        var urls = rule.At("nonResourceURLs");
        if (urls.Count() > 0)
        {
            if (namespaced)
                errors.Invalid(path.Child("nonResourceURLs"), urls, "namespaced rules cannot apply to non-resource URLs");
            if (rule.At("apiGroups").Count() + rule.At("resources").Count() + rule.At("resourceNames").Count() > 0)
                errors.Invalid(path.Child("nonResourceURLs"), urls, "rules cannot apply to both regular resources and non-resource URLs");
            return;
        }
        if (rule.At("apiGroups").Count() == 0)
            errors.Required(path.Child("apiGroups"), "resource rules must supply at least one api group");
        if (rule.At("resources").Count() == 0)
            errors.Required(path.Child("resources"), "resource rules must supply at least one resource");
    }
}
