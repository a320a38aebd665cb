using ClusterSim.CustomResources;

namespace ClusterSim.Admission;

/// <summary>Refuses to create custom resources whose definition is being deleted (<c>apiextensions-apiserver/pkg/apiserver/customresource_handler.go</c>).</summary>
internal sealed class CustomResourceDefinitionTerminating : AdmissionPlugin
{
    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (request.Operation == "CREATE" && request.Target.Resource.CustomVersion() is { IsTerminating: true })
            throw KubernetesApiException.Forbidden(request.Target.Resource.GroupResource, request.Target.Name ?? "", "create not allowed while custom resource definition is terminating");
    }
}
