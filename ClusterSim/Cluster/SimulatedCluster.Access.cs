using ClusterSim.Access;
using ClusterSim.Access.Certificates;
using ClusterSim.Access.Tokens;
using KubeconfigText = ClusterSim.Access.Certificates.Kubeconfig;

namespace ClusterSim;

public sealed partial class SimulatedCluster
{
    private const string Name = "cluster-sim";

    /// <summary>
    /// A kubeconfig for an identity, with a bearer token; the administrator (<c>kubernetes-admin</c> of <c>system:masters</c>) where none is
    /// named. Whoever has it can do what the cluster's RBAC allows that identity.
    /// </summary>
    /// <param name="user">The user's name; null for the administrator.</param>
    /// <param name="groups">The groups it belongs to, besides <c>system:authenticated</c>.</param>
    /// <param name="namespace">The namespace kubectl works in.</param>
    public string Kubeconfig(string? user = null, IReadOnlyList<string>? groups = null, string? @namespace = null)
    {
        var token = user is null ? _adminToken : _access.StaticTokens.Issue(new UserInfo(user, [.. groups ?? [], UserInfo.Authenticated]));
        return KubeconfigText.Write(new KubeconfigEntry
        {
            Cluster = Name,
            Server = ApiServer,
            AuthorityPem = _access.Certificates.AuthorityPem,
            User = user ?? "kubernetes-admin",
            Token = token,
            Namespace = @namespace,
        });
    }

    /// <summary>Writes the kubeconfig of <see cref="Kubeconfig"/> to a file only its owner can read (mode 0600).</summary>
    public void WriteKubeconfig(string path, string? user = null, IReadOnlyList<string>? groups = null, string? @namespace = null) =>
        KubeconfigText.Save(path, Kubeconfig(user, groups, @namespace));

    /// <summary>
    /// Makes a new key, which signs service-account tokens from now on, and publishes it beside the earlier ones: tokens of these stay good
    /// until <see cref="RetireTokenKey"/>. Returns the new key's id.
    /// </summary>
    public string RotateTokenKey() => _access.Keys.Rotate();

    /// <summary>The ids of the keys of service-account tokens that are published, the one that signs last.</summary>
    public IReadOnlyList<string> TokenKeys => _access.Keys.Ids;

    /// <summary>Takes a key out: tokens that it signed are refused from now on, by the API server at once.</summary>
    /// <exception cref="ArgumentException">There is no such key, or it is the one that signs.</exception>
    public void RetireTokenKey(string id) => _access.Keys.Retire(id);
}
