using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Manifests;
using Harness.Kube;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>Identities of the simulated cluster: who gets one made, and what it is good for, over HTTPS with a kubeconfig of its own.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class IdentityTests
{
    [Test]
    public async Task A_team_member_does_her_teams_work_and_is_refused_the_rest_in_Kubernetes_words()
    {
        await using var cluster = await StartAsync();
        using var jane = new KubeClient(ConfigOf(cluster, "jane", "team-invoices"));
        var patch = JsonNode.Parse("""{"spec":{"replicas":2}}""")!;

        var pods = await jane.ListAsync(jane.Resource("pods"), Invoices);
        await jane.PatchAsync(jane.Resource("deployments"), Invoices, "invoice-app/scale", patch);
        var scaled = await jane.GetAsync(jane.Resource("deployments"), Invoices, "invoice-app");

        Assert.That(scaled.GetProperty("spec").GetProperty("replicas").GetInt32(), Is.EqualTo(2));
        Assert.That(pods, Is.Not.Null);
        await RefusedAsync(() => jane.ListAsync(jane.Resource("pods"), Payments), """pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "payments" """);
        await RefusedAsync(() => jane.GetAsync(jane.Resource("secrets"), Invoices, "invoices-db"), """secrets "invoices-db" is forbidden: User "jane" cannot get resource "secrets" in API group "" in the namespace "invoices" """);
        await RefusedAsync(
            () => jane.DeleteAsync(jane.Resource("networkpolicies"), Invoices, "default-deny"),
            """networkpolicies.networking.k8s.io "default-deny" is forbidden: User "jane" cannot delete resource "networkpolicies" in API group "networking.k8s.io" in the namespace "invoices" """);
    }

    [Test]
    public async Task Identities_are_made_for_administrators_alone()
    {
        await using var cluster = await StartAsync();
        using var administrator = new KubeClient(ConfigOf(cluster, null));
        using var jane = new KubeClient(ConfigOf(cluster, "jane", "team-invoices"));
        var asked = JsonNode.Parse("""{"user":"mallory","groups":["system:masters"]}""")!;

        var made = await administrator.SendAsync(HttpMethod.Post, "harness/identities", asked, null);
        using var mallory = new KubeClient(ConfigOf(cluster, null) with { Token = made.GetProperty("token").GetString() });

        Assert.That(await mallory.ListAsync(mallory.Resource("secrets"), Payments), Is.Not.Empty, "what an administrator has made is what he asked for");
        await RefusedAsync(() => jane.SendAsync(HttpMethod.Post, "harness/identities", asked, null), """forbidden: User "jane" cannot post path "/harness/identities" """);
        // A role on the path is not enough: it would make its holder an administrator.
        cluster.ApplyYaml("""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata: { name: identities }
            rules: [{ nonResourceURLs: ["/harness/*"], verbs: ["*"] }]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: { name: identities }
            roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: identities }
            subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: jane }]
            """);
        await RefusedAsync(() => jane.SendAsync(HttpMethod.Post, "harness/identities", asked, null), "only members of system:masters may have identities made");
    }

    [Test]
    public async Task Who_does_not_say_who_he_is_sees_health_and_version_alone()
    {
        await using var cluster = await StartAsync();
        using var nobody = new KubeClient(ConfigOf(cluster, null) with { Token = null });

        Assert.That((await nobody.SendAsync(HttpMethod.Get, "version", null, null)).GetProperty("major").GetString(), Is.EqualTo("1"));
        foreach (var path in (string[])["api/v1/pods", "apis", "openid/v1/jwks", "metrics"])
            await RefusedAsync(() => nobody.SendAsync(HttpMethod.Get, path, null, null), "User \"system:anonymous\" cannot");
        await RefusedAsync(() => nobody.SendAsync(HttpMethod.Post, "harness/identities", JsonNode.Parse("""{"user":"x"}"""), null), "User \"system:anonymous\" cannot");
        Assert.That(cluster.ApiServer.IsLoopback, Is.True);
    }

    // The manifests without anything that runs: nobody looks at pods here.
    private static async Task<SimulatedCluster> StartAsync()
    {
        var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] });
        foreach (var manifest in Kustomization.Build(Repository.Path("k8s/overlays/sim")))
            cluster.Apply(manifest);
        return cluster;
    }

    private static KubeconfigEntry ConfigOf(SimulatedCluster cluster, string? user, params IReadOnlyList<string> groups)
    {
        var path = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():N}");
        cluster.WriteKubeconfig(path, user, groups);
        var mode = File.GetUnixFileMode(path);
        var config = KubeconfigFile.Read(path);
        File.Delete(path);
        Assert.That(mode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), "the file's mode");
        return config;
    }

    private static async Task RefusedAsync(Func<Task> act, string words)
    {
        try
        {
            await act();
        }
        catch (KubeException refused)
        {
            Assert.That(refused.Code, Is.EqualTo(403));
            Assert.That(refused.Message, Does.Contain(words.Trim()));
            return;
        }
        Assert.Fail($"it was allowed, though expected was: {words}");
    }
}
