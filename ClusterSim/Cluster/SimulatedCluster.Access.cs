using ClusterSim.Access;
using ClusterSim.Access.Certificates;
using ClusterSim.Access.Tokens;

namespace ClusterSim;

public sealed partial class SimulatedCluster
{
    private const string Name = "cluster-sim";

    /// <summary>Returns a kubeconfig for an identity, with a bearer token. Its holder can do what the cluster's RBAC allows the identity.</summary>
    /// <param name="user">The name of the user; null for the administrator (<c>kubernetes-admin</c> of <c>system:masters</c>).</param>
    /// <param name="groups">The groups of the user, besides <c>system:authenticated</c>.</param>
    /// <param name="namespace">The namespace that kubectl works in.</param>
    public string Kubeconfig(string? user = null, IReadOnlyList<string>? groups = null, string? @namespace = null)
    {
        var token = user is null ? _adminToken : _access.StaticTokens.Issue(new UserInfo(user, [.. groups ?? [], UserInfo.Authenticated]));
        return KubeconfigFile.Write(new KubeconfigEntry
        {
            Cluster = Name,
            Server = ApiServer,
            AuthorityPem = _access.Certificates.AuthorityPem,
            User = user ?? "kubernetes-admin",
            Token = token,
            Namespace = @namespace,
        });
    }

    /// <summary>Writes the kubeconfig of <see cref="Kubeconfig"/> to a file that only its owner can read (mode 0600).</summary>
    public void WriteKubeconfig(string path, string? user = null, IReadOnlyList<string>? groups = null, string? @namespace = null) =>
        KubeconfigFile.Save(path, Kubeconfig(user, groups, @namespace));

    /// <summary>
    /// Creates a key that signs service-account tokens from now on, and publishes it beside the earlier ones, whose tokens stay valid until
    /// <see cref="RetireTokenKey"/>. Returns the id of the new key.
    /// </summary>
    public string RotateTokenKey() => _access.Keys.Rotate();

    /// <summary>The ids of the published keys of service-account tokens; the last one signs.</summary>
    public IReadOnlyList<string> TokenKeys => _access.Keys.Ids;

    /// <summary>Removes a key: the API server rejects tokens that it signed from now on.</summary>
    /// <exception cref="ArgumentException">There is no such key, or it is the one that signs.</exception>
    public void RetireTokenKey(string id) => _access.Keys.Retire(id);
}
