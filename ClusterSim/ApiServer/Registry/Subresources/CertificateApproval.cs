using System.Text.Json.Nodes;
using ClusterSim.Requests;

namespace ClusterSim.Registry.Subresources;

/// <summary><c>certificatesigningrequests/approval</c>: of what is written only the conditions count (<c>kubectl certificate approve</c> and <c>deny</c>).</summary>
internal sealed class CertificateApproval(ApiServer server) : ISubresource
{
    /// <inheritdoc/>
    public JsonObject Get(in RequestTarget target) => server.Require(target).ToObject();

    /// <inheritdoc/>
    public WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var here = target;
        return server.GuaranteedUpdate(target, live =>
        {
            var said = (body["metadata"] as JsonObject).Text("resourceVersion");
            if (!string.IsNullOrEmpty(said) && said != live.Metadata.At("resourceVersion").Text())
                throw KubernetesApiException.Modified(live.Resource, live.Name);
            var @object = live.ToObject();
            @object.Ensure("status")["conditions"] = WithTimes(body);
            return server.Replace(here, live, @object, options);
        });
    }

    private JsonArray WithTimes(JsonObject body)
    {
        var now = server.Clock.GetUtcNow().Stamp();
        var conditions = ((body["status"] as JsonObject)?["conditions"] as JsonArray)?.DeepClone() as JsonArray ?? [];
        foreach (var condition in conditions.OfType<JsonObject>())
        {
            condition["lastUpdateTime"] ??= now;
            condition["lastTransitionTime"] ??= now;
        }
        return conditions;
    }
}
