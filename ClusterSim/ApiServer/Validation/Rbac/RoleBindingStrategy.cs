using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Rbac;

/// <summary>RoleBindings and ClusterRoleBindings.</summary>
/// <param name="namespaced">Whether it is a RoleBinding.</param>
internal sealed class RoleBindingStrategy(bool namespaced) : KindStrategy
{
    private const string Group = "rbac.authorization.k8s.io";

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new(Group, "v1", namespaced ? "RoleBinding" : "ClusterRoleBinding");

    /// <inheritdoc/>
    public override NameRule NameRule => NameRules.PathSegment;

    /// <inheritdoc/>
    public override bool AllowCreateOnUpdate => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        if (@object["roleRef"] is JsonObject role && role.Text("apiGroup") is (null or ""))
            role["apiGroup"] = Group;
        foreach (var subject in PodSpecDefaults.Objects(@object, "subjects"))
            if (subject.Text("apiGroup") is (null or "") && subject.Text("kind") is ("User" or "Group"))
                subject["apiGroup"] = Group;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Binding(errors, @object);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Binding(errors, @object);
        var role = @object.At("roleRef");
        if (!SemanticEquality.Equal(role, old.At("roleRef")))
            errors.Invalid(FieldPath.Of("roleRef"), GoText.RenderInternal(role, ("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")),
                "cannot change roleRef", rendered: true);
        return errors;
    }

    private void Binding(FieldErrors errors, JsonElement binding)
    {
        var role = binding.At("roleRef");
        if (role.At("apiGroup").Text("") is var group && group != Group)
            errors.NotSupported(FieldPath.Of("roleRef", "apiGroup"), group, Group);
        var kind = role.At("kind").Text("");
        if (namespaced && kind is not ("Role" or "ClusterRole"))
            errors.NotSupported(FieldPath.Of("roleRef", "kind"), kind, "Role", "ClusterRole");
        else if (!namespaced && kind != "ClusterRole")
            errors.NotSupported(FieldPath.Of("roleRef", "kind"), kind, "ClusterRole");
        if (role.At("name").Text("") is var name && name.Length == 0)
            errors.Required(FieldPath.Of("roleRef", "name"));
        else
            errors.InvalidEach(FieldPath.Of("roleRef", "name"), name, NameRules.PathSegmentName(name));
        var index = 0;
        foreach (var subject in binding.At("subjects").Items())
            Subject(errors, subject, FieldPath.Of("subjects").Index(index++));
    }

    private void Subject(FieldErrors errors, JsonElement subject, FieldPath path)
    {
        var (kind, name, group) = (subject.At("kind").Text(""), subject.At("name").Text(""), subject.At("apiGroup").Text(""));
        if (name.Length == 0)
            errors.Required(path.Child("name"));
        switch (kind)
        {
            case "ServiceAccount":
                if (name.Length > 0)
                    errors.InvalidEach(path.Child("name"), name, NameRules.DnsSubdomain(name));
                if (group.Length > 0)
                    errors.NotSupported(path.Child("apiGroup"), group, "");
                if (!namespaced && subject.At("namespace").Text("").Length == 0)
                    errors.Required(path.Child("namespace"));
                break;
            case "User" or "Group":
                if (group != Group)
                    errors.NotSupported(path.Child("apiGroup"), group, Group);
                break;
            default:
                errors.NotSupported(path.Child("kind"), kind, "ServiceAccount", "User", "Group");
                break;
        }
    }
}
