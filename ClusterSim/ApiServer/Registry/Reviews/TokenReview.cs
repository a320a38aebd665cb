using System.Text.Json.Nodes;
using ClusterSim.Access.Tokens;
using ClusterSim.Requests;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Reviews;

/// <summary>Whose token is this, and is it for me: what services ask that check tokens through the API.</summary>
internal sealed class TokenReview(ApiServer server, TokenAuthenticator tokens) : ISubresource
{
    /// <inheritdoc/>
    public WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var spec = body.ToElement().At("spec");
        if (spec.At("token").Text("").Length == 0)
            throw KubernetesApiException.BadRequest("token is required for TokenReview in authentication");
        IReadOnlyList<string>? audiences = spec.At("audiences").Count() > 0 ? ReviewAnswers.Texts(spec.At("audiences")) : null;
        JsonObject status;
        try
        {
            var user = tokens.Authenticate(spec.At("token").Text(""), ref audiences);
            status = Object(("authenticated", true), ("user", user.ToJson()), ("audiences", audiences is null ? null : ReviewAnswers.Texts(audiences)));
        }
        catch (TokenException why)
        {
            status = Object(("user", new JsonObject()), ("error", why.Message));
        }
        return server.Answer(target, body, options, status);
    }
}
