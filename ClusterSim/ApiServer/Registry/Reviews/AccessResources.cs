using ClusterSim.Access;
using ClusterSim.Registry.Subresources;

namespace ClusterSim.Registry.Reviews;

/// <summary>The resources of <c>authentication.k8s.io</c> and <c>authorization.k8s.io</c>, and <c>serviceaccounts/token</c>.</summary>
internal static class AccessResources
{
    /// <summary>Registers the reviews and the token subresource.</summary>
    public static void Register(ApiServer server, ClusterAccess cluster)
    {
        const string Authorization = "authorization.k8s.io";
        const string Authentication = "authentication.k8s.io";
        var access = new AccessReview(server);
        server.Add(new(Authorization, "selfsubjectaccessreviews"), "", access);
        server.Add(new(Authorization, "subjectaccessreviews"), "", access);
        server.Add(new(Authorization, "localsubjectaccessreviews"), "", access);
        server.Add(new(Authorization, "selfsubjectrulesreviews"), "", new SelfSubjectRulesReview(cluster.Rbac));
        server.Add(new(Authentication, "selfsubjectreviews"), "", new SelfSubjectReview(server));
        server.Add(new(Authentication, "tokenreviews"), "", new TokenReview(server, cluster.Tokens));
        server.Add(new("", "serviceaccounts"), "token", new TokenRequest(server, cluster.ServiceAccountTokens));
    }
}
