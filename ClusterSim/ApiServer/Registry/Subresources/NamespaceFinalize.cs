using System.Text.Json.Nodes;
using ClusterSim.Requests;
using ClusterSim.Storage;

namespace ClusterSim.Registry.Subresources;

/// <summary><c>namespaces/finalize</c>: writes <c>spec.finalizers</c>, which nothing else can; a deleted namespace with none left goes.</summary>
internal sealed class NamespaceFinalize(ApiServer server) : ISubresource
{
    /// <inheritdoc/>
    public WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        return server.GuaranteedUpdate(target, live =>
        {
            var said = (body["metadata"] as JsonObject).Text("resourceVersion");
            if (!string.IsNullOrEmpty(said) && said != live.Metadata.At("resourceVersion").Text())
                throw KubernetesApiException.Modified(live.Resource, live.Name);
            var @object = live.ToObject();
            var finalizers = ((body["spec"] as JsonObject)?["finalizers"] as JsonArray)?.DeepClone() as JsonArray ?? [];
            if (finalizers.Count == 0)
                @object.Ensure("spec").Remove("finalizers");
            else
                @object.Ensure("spec")["finalizers"] = finalizers;
            if (options.DryRun)
                return new WriteResult(Document.Unstored(live.Resource, @object), 200, []);
            if (live.IsDeleting && finalizers.Count == 0 && live.Metadata.At("finalizers").Count() == 0)
            {
                server.Store.Delete(live);
                return new WriteResult(Document.Unstored(live.Resource, @object), 200, []);
            }
            return new WriteResult(server.Store.Update(live, @object), 200, []);
        });
    }
}
