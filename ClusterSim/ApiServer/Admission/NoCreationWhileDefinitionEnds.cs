using ClusterSim.CustomResources;
using ClusterSim.Requests;
using ClusterSim.Schema;

namespace ClusterSim.Admission;

/// <summary>Nothing is created of a custom resource whose definition is being deleted.</summary>
internal sealed class NoCreationWhileDefinitionEnds : AdmissionPlugin
{
    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (request.Operation == "CREATE" && request.Target.Resource.CustomVersion() is { IsTerminating: true })
            throw KubernetesApiException.Forbidden(request.Target.Resource.GroupResource, request.Target.Name ?? "", "create not allowed while custom resource definition is terminating");
    }
}
