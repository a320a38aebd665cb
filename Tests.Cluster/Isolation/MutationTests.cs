using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Manifests;
using Harness.Reach;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// Each policy, role and security setting of k8s/base is taken away in turn, and something must notice. One cluster for all: what is taken away
/// is put back.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public sealed class MutationTests
{
    private static readonly IReadOnlyList<Manifest> Base = Kustomization.Build(Repository.Path("k8s/overlays/sim"));

    private SimulatedClusterUnderTest _cluster = null!;
    private Stranger _strangers = null!;
    private readonly Dictionary<string, string> _access = new(StringComparer.Ordinal);

    public static IEnumerable<string> Policies => Of("NetworkPolicy").Select(Name);

    public static IEnumerable<string> Bindings => Of("Role").Concat(Of("RoleBinding")).Where(manifest => manifest.Name is "team" or "deployer").Select(manifest => $"{manifest.Kind} {Name(manifest)}");

    public static IEnumerable<string> Rules =>
        from role in Of("Role")
        where role.Name is "team" or "deployer"
        from index in Enumerable.Range(0, role.Object["rules"]!.AsArray().Count)
        select $"{Name(role)} {index + 1}";

    public static IEnumerable<string> Settings =>
        from workload in Of("Deployment").Concat(Of("StatefulSet"))
        from path in SettingsOf((JsonObject)workload.Object["spec"]!["template"]!["spec"]!, "")
        select $"{Name(workload)} {path}";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedClusterUnderTest.StartAsync();
        _strangers = await Stranger.StartAsync(_cluster);
        foreach (var @namespace in (string[])[Invoices, Payments])
            _access[@namespace] = await AccessTable.AskAsync(_cluster, @namespace);
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_strangers is not null)
            await _strangers.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [TestCaseSource(nameof(Policies))]
    public async Task A_policy_that_is_gone_is_noticed_by_trying_and_by_the_expectations(string policy)
    {
        var manifest = Of("NetworkPolicy").Single(each => Name(each) == policy);

        await _cluster.DeleteAsync("networkpolicies", manifest.Namespace, manifest.Name);
        var reached = await ReachTable.TryAsync(_cluster);
        _cluster.Cluster.Apply(manifest);

        Assert.Multiple(() =>
        {
            Assert.That(reached, Is.Not.EquivalentTo(ReachTable.ExpectedOn(_cluster)), "tried");
            Assert.That(Differences(Base.Where(each => each != manifest)), Is.Not.Empty, "k8s/reach.expected.yaml");
        });
    }

    /// <summary>Widened in the ways that policies are: each peer or port left out, and two selectors of one peer made two peers.</summary>
    [TestCaseSource(nameof(Policies))]
    public void A_policy_that_is_widened_is_noticed_by_the_expectations(string policy)
    {
        var original = Of("NetworkPolicy").Single(each => Name(each) == policy);
        foreach (var (what, wider) in Widened(original))
            Assert.That(Differences(Base.Select(each => each == original ? wider : each)), Is.Not.Empty, what);
    }

    [Test]
    public void The_expectations_hold_unchanged() => Assert.That(Differences(Base), Is.Empty);

    [TestCaseSource(nameof(Bindings))]
    public async Task A_role_or_binding_that_is_gone_changes_the_table_of_access(string which)
    {
        var manifest = Base.Single(each => $"{each.Kind} {Name(each)}" == which);

        await _cluster.DeleteAsync(manifest.Kind.ToLowerInvariant() + "s", manifest.Namespace, manifest.Name);
        var access = await AccessTable.AskAsync(_cluster, manifest.Namespace);
        _cluster.Cluster.Apply(manifest);

        Assert.That(access, Is.Not.EqualTo(_access[manifest.Namespace]));
    }

    [TestCaseSource(nameof(Rules))]
    public async Task A_rule_that_is_gone_changes_the_table_of_access(string which)
    {
        var (role, index) = which.Split(' ') is [var name, var number] ? (Of("Role").Single(each => Name(each) == name), int.Parse(number) - 1) : throw new ArgumentException(which);
        var changed = (JsonObject)role.Object.DeepClone();
        changed["rules"]!.AsArray().RemoveAt(index);

        _cluster.Cluster.Apply(new Manifest(changed, which));
        var access = await AccessTable.AskAsync(_cluster, role.Namespace);
        _cluster.Cluster.Apply(role);

        Assert.That(access, Is.Not.EqualTo(_access[role.Namespace]));
    }

    [TestCaseSource(nameof(Settings))]
    public async Task A_security_setting_that_is_gone_is_refused_or_found(string which)
    {
        var (workload, path) = which.Split(' ') is [var name, var setting] ? (Of("Deployment").Concat(Of("StatefulSet")).Single(each => Name(each) == name), setting) : throw new ArgumentException(which);
        var spec = (JsonObject)workload.Object["spec"]!["template"]!["spec"]!.DeepClone();
        // In place of the volumes that a StatefulSet makes for each pod.
        foreach (var claim in workload.Object["spec"]!["volumeClaimTemplates"] as JsonArray ?? [])
            ((JsonArray)(spec["volumes"] ??= new JsonArray())).Add(JsonBuilding.Object(("name", (string)claim!["metadata"]!["name"]!), ("persistentVolumeClaim", JsonBuilding.Object(("claimName", "mutant")))));
        var pod = JsonBuilding.Object(
            ("apiVersion", "v1"), ("kind", "Pod"), ("metadata", JsonBuilding.Object(("name", "mutant"), ("namespace", workload.Namespace))), ("spec", spec));
        var unchanged = await _cluster.AdmitAsync(pod);
        // The service account says it too: only a pod that says the contrary gets a token.
        if (path == "automountServiceAccountToken")
            spec[path] = true;
        else
            Remove(spec, path);

        var changed = await _cluster.AdmitAsync(pod);

        Assert.That(unchanged.Refusal, Is.Null, "unchanged, it is admitted");
        Assert.That(PodHardening.Faults(unchanged.Object), Is.Empty, "unchanged, nothing is found");
        Assert.That(changed.Refusal is not null || PodHardening.Faults(changed.Object).Count > 0, $"without {path}");
    }

    [TestCase(Invoices)]
    [TestCase(Payments)]
    public async Task Enforcement_that_is_gone_lets_a_privileged_pod_in(string @namespace)
    {
        var manifest = Of("Namespace").Single(each => each.Name == @namespace);
        var changed = (JsonObject)manifest.Object.DeepClone();
        ((JsonObject)changed["metadata"]!["labels"]!).Remove("pod-security.kubernetes.io/enforce");

        _cluster.Cluster.Apply(new Manifest(changed, "without enforcement"));
        var admitted = await _cluster.AdmitAsync(IsolationTests.Pod(@namespace, "privileged", """{"hostNetwork":true}"""));
        _cluster.Cluster.Apply(manifest);

        Assert.That(admitted.Refusal, Is.Null, "the test that a pod is refused would fail");
    }

    [TestCase("ResourceQuota", Invoices)]
    [TestCase("ResourceQuota", Payments)]
    [TestCase("LimitRange", Invoices)]
    [TestCase("LimitRange", Payments)]
    public async Task A_quota_or_limit_that_is_gone_is_found(string kind, string @namespace)
    {
        var manifest = Of(kind).Single(each => each.Namespace == @namespace);

        await _cluster.DeleteAsync(kind.ToLowerInvariant() + "s", @namespace, manifest.Name);
        var faults = await Limits.FaultsAsync(_cluster, @namespace);
        _cluster.Cluster.Apply(manifest);

        Assert.That(faults, Is.Not.Empty);
    }

    /// <summary>One of the manifests.</summary>
    internal static Manifest Manifest(string kind, string @namespace, string name) =>
        Base.Single(manifest => manifest.Kind == kind && manifest.Namespace == @namespace && manifest.Name == name);

    private static IEnumerable<Manifest> Of(string kind) => Base.Where(manifest => manifest.Kind == kind);

    private static string Name(Manifest manifest) => $"{manifest.Namespace}/{manifest.Name}";

    private static IReadOnlyList<string> Differences(IEnumerable<Manifest> manifests)
    {
        var expectations = ReachExpectations.Read(File.ReadAllBytes(Repository.Path("k8s/reach.expected.yaml")), "k8s/reach.expected.yaml");
        return expectations.Differences(ReachManifests.Read([.. manifests]), out _);
    }

    private static IEnumerable<(string What, Manifest Wider)> Widened(Manifest policy)
    {
        foreach (var (direction, peers) in ((string, string)[])[("ingress", "from"), ("egress", "to")])
        {
            if (policy.Object["spec"]![direction] is not JsonArray rules)
                continue;
            for (var rule = 0; rule < rules.Count; rule++)
            {
                if (rules[rule]![peers] is not JsonArray named)
                    continue;
                yield return ($"{direction} rule {rule + 1} without {peers}", Changed(policy, direction, rule, it => it.Remove(peers)));
                for (var peer = 0; peer < named.Count; peer++)
                {
                    var at = peer;
                    var selectors = ((JsonObject)named[peer]!).Select(field => field.Key).ToList();
                    if (selectors.Count < 2)
                        continue;
                    yield return ($"{direction} rule {rule + 1}, peer {peer + 1} as two peers", Changed(policy, direction, rule, it =>
                    {
                        var list = it[peers]!.AsArray();
                        var both = (JsonObject)list[at]!;
                        var second = both[selectors[1]]!.DeepClone();
                        both.Remove(selectors[1]);
                        list.Add(JsonBuilding.Object((selectors[1], second)));
                    }));
                    yield return ($"{direction} rule {rule + 1}, peer {peer + 1} without podSelector", Changed(policy, direction, rule, it => ((JsonObject)it[peers]![at]!).Remove("podSelector")));
                }
            }
        }
    }

    private static Manifest Changed(Manifest policy, string direction, int rule, Action<JsonObject> change)
    {
        var copy = (JsonObject)policy.Object.DeepClone();
        change((JsonObject)copy["spec"]![direction]![rule]!);
        return new Manifest(copy, policy.Source);
    }

    /// <summary>The paths of a pod spec's security settings and limits: <c>securityContext.runAsUser</c>, <c>containers[0].securityContext…</c>.</summary>
    private static IEnumerable<string> SettingsOf(JsonObject spec, string prefix)
    {
        foreach (var (field, value) in spec)
        {
            if (field is "securityContext" && value is JsonObject context)
                foreach (var (setting, _) in context)
                    yield return $"{prefix}{field}.{setting}";
            else if (field is "resources" && value!["limits"] is JsonObject)
                yield return $"{prefix}{field}.limits";
            else if (field is "automountServiceAccountToken")
                yield return prefix + field;
            else if (field is "containers" or "initContainers" && value is JsonArray containers)
                for (var index = 0; index < containers.Count; index++)
                    foreach (var inner in SettingsOf((JsonObject)containers[index]!, $"{prefix}{field}.{index}."))
                        yield return inner;
        }
    }

    private static void Remove(JsonObject spec, string path)
    {
        JsonNode at = spec;
        var parts = path.Split('.');
        foreach (var part in parts[..^1])
            at = at is JsonArray list ? list[int.Parse(part)]! : at[part]!;
        ((JsonObject)at).Remove(parts[^1]);
    }
}
