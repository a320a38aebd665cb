using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Storage;

namespace ClusterSim.Api.Subresources;

/// <summary>
/// <c>pods/ephemeralcontainers</c>: adds containers to a pod that runs. Only the list may change, and only grow: a container that was added
/// can be neither changed nor taken away.
/// </summary>
internal sealed class PodEphemeralContainers(ApiServer server) : ISubresource
{
    private const string List = "ephemeralContainers";

    /// <inheritdoc/>
    public JsonObject Get(in RequestTarget target) => server.Require(target).ToObject();

    /// <inheritdoc/>
    public WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var live = server.Require(target);
        var wanted = (body["spec"] as JsonObject)?[List] as JsonArray ?? [];
        foreach (var present in live.Spec.At(List).Items())
        {
            var name = present.At("name").Text("");
            var kept = wanted.OfType<JsonObject>().FirstOrDefault(container => container.Text("name") == name);
            if (kept is null)
                throw Invalid(live, "spec.ephemeralContainers", $"Forbidden: existing ephemeral containers \"{name}\" may not be removed");
            if (!JsonNode.DeepEquals(kept, present.ToObject()))
                throw Invalid(live, "spec.ephemeralContainers", $"Forbidden: existing ephemeral containers \"{name}\" may not be changed");
        }
        var @object = live.ToObject();
        @object.Ensure("spec")[List] = wanted.DeepClone();
        try
        {
            return server.Replace(target with { Subresource = List.ToLowerInvariant() }, live, @object, options);
        }
        catch (StoreConflictException)
        {
            throw ApiException.Modified(target.Resource.GroupResource, live.Name);
        }
    }

    private static ApiException Invalid(Document pod, string field, string detail) =>
        ApiException.Invalid(new("", "v1", "Pod"), pod.Name, [new("FieldValueForbidden", field, detail)]);
}
