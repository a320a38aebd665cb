using ClusterSim.Admission;
using ClusterSim.Api;

namespace ClusterSim.Extensions;

/// <summary>Nothing is created of a custom resource whose definition is being deleted.</summary>
internal sealed class NoCreationWhileDefinitionEnds : AdmissionPlugin
{
    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (request.Operation == "CREATE" && request.Target.Resource.Custom is { IsTerminating: true })
            throw ApiException.Forbidden(request.Target.Resource.GroupResource, request.Target.Name ?? "", "create not allowed while custom resource definition is terminating");
    }
}
