namespace ClusterSim.Admission;

/// <summary>Labels every namespace with its name, so that policies can select it (<c>pkg/apis/core/v1</c>, <c>SetDefaults_Namespace</c>).</summary>
internal sealed class NamespaceDefaultLabelName : AdmissionPlugin
{
    private static readonly GroupResource Namespaces = new("", "namespaces");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (request.Object is not null && request.Target.Resource.GroupResource == Namespaces && NameOf(request) is { Length: > 0 } name)
            request.Object.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = name;
    }
}
