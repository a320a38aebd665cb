using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Sets the namespace of all resources that are not certainly cluster-scoped, and of the accounts that role bindings name.</summary>
internal sealed class NamespaceTransformer : ITransformer
{
    private const string DefaultOnly = "defaultOnly";
    private const string AllServiceAccounts = "allServiceAccounts";

    private readonly string _namespace;
    private readonly IReadOnlyList<FieldSpec> _fieldSpecs;
    private readonly bool _unsetOnly;
    private readonly string _subjects;

    public NamespaceTransformer(string @namespace, IReadOnlyList<FieldSpec> fieldSpecs)
    {
        _namespace = @namespace;
        _fieldSpecs = fieldSpecs;
        _subjects = DefaultOnly;
    }

    public NamespaceTransformer(FieldReader config)
    {
        _namespace = config.Object("metadata")?.Text("namespace") ?? "";
        _fieldSpecs = config.FieldSpecs("fieldSpecs");
        _unsetOnly = config.Flag("unsetOnly");
        _subjects = config.Text("setRoleBindingSubjects") is { Length: > 0 } subjects ? subjects : DefaultOnly;
        if (_subjects is not (DefaultOnly or AllServiceAccounts or "none"))
            throw config.Error("setRoleBindingSubjects", $"{DefaultOnly}, {AllServiceAccounts} or none is expected, found \"{_subjects}\"");
    }

    public void Transform(ResMap resources)
    {
        if (_namespace.Length == 0)
            return;
        foreach (var resource in resources.Resources)
        {
            resource.StorePreviousId();
            Transform(resource);
        }
        resources.RequireDistinct();
    }

    private void Transform(Resource resource)
    {
        var isClusterScoped = resource.CurrentId.IsClusterScoped;
        var isRoleBinding = resource.Kind is "RoleBinding" or "ClusterRoleBinding";
        if (!isClusterScoped)
            SetField(resource.Node.Ensure("metadata"));
        if (isRoleBinding)
            foreach (var subject in resource.Node.Get("subjects")?.Items.Where(IsSet) ?? [])
                SetField(subject);
        // metadata/name means the name of the Namespace object, which has version v1 alone; the namespace itself is set above.
        var specs = _fieldSpecs.Where(spec => spec.Path != "metadata/namespace"
            && (spec.Path != "metadata/name" || resource.ApiVersion == "v1")
            && !(isRoleBinding && spec.Gvk.Kind is "RoleBinding" or "ClusterRoleBinding" && spec.Path == "subjects/namespace"));
        new FieldSpecFilter(NodeKind.Scalar, ScalarTag.Str).VisitAll(resource, specs, SetScalar);
    }

    private bool IsSet(RNode subject) => _subjects switch
    {
        AllServiceAccounts => subject.Text("kind") == "ServiceAccount",
        DefaultOnly => subject.Text("name") == "default",
        _ => false,
    };

    private void SetField(RNode parent)
    {
        if (parent.Get("namespace") is not { Kind: NodeKind.Scalar } field)
            parent.Set("namespace", field = RNode.Str(""));
        SetScalar(field);
    }

    private void SetScalar(RNode field)
    {
        if (field.Kind != NodeKind.Scalar)
            throw new KustomizeException($"a namespace is a scalar, found {field.Describe()}");
        if (!_unsetOnly || field.IsNull || field.Value.Length == 0)
            field.SetScalar(_namespace, ScalarTag.Str);
    }
}
