using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Storage;

namespace ClusterSim.Api.Subresources;

/// <summary><c>pods/ephemeralcontainers</c>: adds containers to a pod that runs. Of what is written only that list is looked at.</summary>
internal sealed class PodEphemeralContainers(ApiServer server) : ISubresource
{
    private const string List = "ephemeralContainers";

    /// <inheritdoc/>
    public JsonObject Get(in RequestTarget target) => server.Require(target).ToObject();

    /// <inheritdoc/>
    public WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var live = server.Require(target);
        var @object = live.ToObject();
        var wanted = (body["spec"] as JsonObject)?[List]?.DeepClone();
        if (wanted is null)
            @object.Ensure("spec").Remove(List);
        else
            @object.Ensure("spec")[List] = wanted;
        try
        {
            return server.Replace(target, live, @object, options);
        }
        catch (StoreConflictException)
        {
            throw ApiException.Modified(target.Resource.GroupResource, live.Name);
        }
    }
}
