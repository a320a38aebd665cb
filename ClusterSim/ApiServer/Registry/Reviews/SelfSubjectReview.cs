using System.Text.Json.Nodes;
using ClusterSim.Requests;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Reviews;

/// <summary>Who am I: <c>kubectl auth whoami</c>.</summary>
internal sealed class SelfSubjectReview(ApiServer server) : ISubresource
{
    /// <inheritdoc/>
    public WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        body.Ensure("metadata")["creationTimestamp"] = server.Clock.GetUtcNow().Stamp();
        return server.Answer(target, body, options, Object(("userInfo", target.User.ToJson())));
    }
}
