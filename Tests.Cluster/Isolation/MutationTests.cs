using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Manifests;
using Harness.Commands;
using Harness.Reach;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// Each policy, role and security setting of k8s/base is taken away in turn, and something must notice. One cluster for all: what is taken away
/// is put back.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed class MutationTests
{
    private static readonly IReadOnlyList<Manifest> Base = Kustomization.Build(Repository.Path("k8s/overlays/sim"));

    private SimulatedClusterUnderTest _cluster = null!;
    private Probers _probers = null!;
    private readonly Dictionary<string, string> _access = new(StringComparer.Ordinal);

    public static IEnumerable<string> Policies => Of("NetworkPolicy").Select(Name);

    public static IEnumerable<string> Bindings => Of("Role").Concat(Of("RoleBinding")).Select(manifest => $"{manifest.Kind} {Name(manifest)}");

    public static IEnumerable<string> Roles => Of("Role").Select(Name);

    public static IEnumerable<string> Quotas => Of("ResourceQuota").Concat(Of("LimitRange")).Select(manifest => $"{manifest.Kind} {Name(manifest)}");

    public static IEnumerable<string> ServiceAccounts => Of("ServiceAccount").Select(Name);

    public static IEnumerable<string> Settings =>
        from workload in Of("Deployment").Concat(Of("StatefulSet"))
        from path in SettingsOf((JsonObject)workload.Object["spec"]!["template"]!["spec"]!, "")
        select $"{Name(workload)} {path}";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedClusterUnderTest.StartAsync();
        _probers = await Probers.StartAsync(_cluster);
        foreach (var @namespace in (string[])[Invoices, Payments])
            _access[@namespace] = await AccessTable.AskAsync(_cluster, @namespace);
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_probers is not null)
            await _probers.DisposeAsync();
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

    /// <summary>Each field and each element, down to the last label, port and protocol; what is a policy no more a cluster refuses by itself.</summary>
    [TestCaseSource(nameof(Policies))]
    public void A_policy_that_says_less_is_noticed_by_the_expectations(string policy)
    {
        var original = Of("NetworkPolicy").Single(each => Name(each) == policy);
        var unnoticed = new List<string>();
        foreach (var (path, without) in Mutations.Of(original.Object, "spec"))
        {
            if (IsNoLess(Filled(without), Filled(original.Object)))
                continue;
            try
            {
                if (Differences(Base.Select(each => each == original ? new Manifest(without, path) : each)).Count == 0)
                    unnoticed.Add(path);
            }
            catch (CommandException)
            {
                // Refused, as the API refuses it.
            }
        }

        Assert.That(unnoticed, Is.Empty);
    }

    /// <summary>Two selectors of one peer made two peers: the mistake that is made most.</summary>
    [Test]
    public void Two_peers_in_place_of_two_selectors_are_noticed_by_the_expectations()
    {
        var split = 0;
        foreach (var original in Of("NetworkPolicy"))
            foreach (var (what, wider) in Split(original))
            {
                Assert.That(Differences(Base.Select(each => each == original ? wider : each)), Is.Not.Empty, what);
                split++;
            }

        Assert.That(split, Is.GreaterThanOrEqualTo(4));
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

    /// <summary>Each rule, and of each rule every group, resource, verb and name: one less, and the rows that it speaks of are others.</summary>
    [TestCaseSource(nameof(Roles))]
    public async Task A_role_that_says_less_changes_the_table_of_access(string which)
    {
        var role = Of("Role").Single(each => Name(each) == which);
        var unnoticed = new List<string>();
        var rules = role.Object["rules"]!.AsArray();
        for (var index = 0; index < rules.Count; index++)
        {
            var named = rules[index]!;
            var resources = (from @group in Texts(named["apiGroups"]) from resource in Texts(named["resources"]) select (@group, resource)).ToHashSet();
            var before = await AccessTable.AskAsync(_cluster, role.Namespace, resources);
            foreach (var (path, without) in Mutations.Of(role.Object, "rules").Where(mutation => $"{mutation.Path}.".StartsWith($"rules.{index}.", StringComparison.Ordinal)))
            {
                if (Refusal(new Manifest(without, path)) is not null)
                    continue;
                if (await AccessTable.AskAsync(_cluster, role.Namespace, resources) == before)
                    unnoticed.Add(path);
                _cluster.Cluster.Apply(role);
            }
        }

        Assert.That(unnoticed, Is.Empty);

        static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(item => (string)item!);
    }

    [TestCaseSource(nameof(Settings))]
    public async Task A_security_setting_that_is_gone_is_refused_or_found(string which)
    {
        var (workload, path) = which.Split(' ') is [var name, var setting] ? (Of("Deployment").Concat(Of("StatefulSet")).Single(each => Name(each) == name), setting) : throw new ArgumentException(which);
        var spec = (JsonObject)workload.Object["spec"]!["template"]!["spec"]!.DeepClone();
        // In place of the volumes that a StatefulSet makes for each pod.
        foreach (var claim in workload.Object["spec"]!["volumeClaimTemplates"] as JsonArray ?? [])
            ((JsonArray)(spec["volumes"] ??= new JsonArray())).Add(new JsonObject { ["name"] = (string)claim!["metadata"]!["name"]!, ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = "mutant" } });
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = "mutant", ["namespace"] = workload.Namespace, ["labels"] = workload.Object["spec"]!["template"]!["metadata"]!["labels"]!.DeepClone() },
            ["spec"] = spec,
        };
        var unchanged = await _cluster.AdmitAsync(pod);
        // The service account says it too: only a pod that says the contrary gets a token.
        if (path == "automountServiceAccountToken")
            spec[path] = true;
        else
            Mutations.Remove(spec, path);

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

        _cluster.Cluster.Apply(Without(manifest, "metadata.labels.pod-security·kubernetes·io/enforce"));
        var admitted = await _cluster.AdmitAsync(IsolationTests.Pod(@namespace, "privileged", """{"hostNetwork":true}"""));
        _cluster.Cluster.Apply(manifest);

        Assert.That(admitted.Refusal, Is.Null, "the test that a pod is refused would fail");
    }

    [Test]
    public async Task A_level_of_Pod_Security_that_is_gone_is_found([Values(Invoices, Payments)] string @namespace, [Values("enforce", "warn", "audit")] string mode)
    {
        var manifest = Of("Namespace").Single(each => each.Name == @namespace);

        _cluster.Cluster.Apply(Without(manifest, $"metadata.labels.pod-security·kubernetes·io/{mode}"));
        var levels = await PodSecurityLevels.OfAsync(_cluster, @namespace);
        _cluster.Cluster.Apply(manifest);

        Assert.That(levels, Is.Not.EqualTo(PodSecurityLevels.Expected));
    }

    /// <summary>The whole, and each of the amounts it names.</summary>
    [TestCaseSource(nameof(Quotas))]
    public async Task A_quota_or_limit_that_is_gone_is_found(string which)
    {
        var manifest = Base.Single(each => $"{each.Kind} {Name(each)}" == which);
        await HeldAsync("unchanged, everything is held", isHeld: true);

        await _cluster.DeleteAsync(manifest.Kind.ToLowerInvariant() + "s", manifest.Namespace, manifest.Name);
        await HeldAsync("without it", isHeld: false);
        foreach (var (path, without) in Mutations.Of(manifest.Object, "spec").Where(mutation => IsAmount(mutation.Path)))
        {
            _cluster.Cluster.Apply(manifest);
            await HeldAsync($"before {path} is taken away", isHeld: true);
            // The only amount of a limit: without it the limit itself is none, and refused.
            if (Refusal(new Manifest(without, path)) is null)
                await HeldAsync($"without {path}", isHeld: false);
        }

        _cluster.Cluster.Apply(manifest);

        // spec.hard.pods, spec.limits.0.max.memory: the words of a path count its depth.
        static bool IsAmount(string path) => path.Split('.') is [_, "hard", _] or [_, "limits", _] or [_, "limits", _, not "type", _];

        // What is said to be held is counted by a controller, a moment later.
        async Task HeldAsync(string what, bool isHeld) => await Eventually.HoldsAsync(
            async () => string.Join("; ", await Limits.FaultsAsync(_cluster, manifest.Namespace)), faults => faults.Length == 0 == isHeld, what);
    }

    [TestCaseSource(nameof(ServiceAccounts))]
    public async Task A_service_account_that_gives_its_token_to_anybody_is_found(string which)
    {
        var manifest = Of("ServiceAccount").Single(each => Name(each) == which);
        Assert.That(await Accounts.FaultsAsync(_cluster, manifest.Namespace), Is.Empty);

        _cluster.Cluster.Apply(Without(manifest, "automountServiceAccountToken"));
        var faults = await Accounts.FaultsAsync(_cluster, manifest.Namespace);
        _cluster.Cluster.Apply(manifest);

        Assert.That(faults, Is.EqualTo(new[] { $"{manifest.Name} gives its token to a pod that did not ask for it" }));
    }

    /// <summary>A kind that comes to k8s/base is taken away by a test, or said here to protect nobody from anybody.</summary>
    [Test]
    public void Every_kind_of_k8s_base_is_taken_away_or_protects_nobody()
    {
        string[] takenAway = ["NetworkPolicy", "Role", "RoleBinding", "ClusterRoleBinding", "Namespace", "ResourceQuota", "LimitRange", "ServiceAccount", "Deployment", "StatefulSet", "ConfigMap"];
        string[] protectsNobody = ["Service", "Ingress", "Secret", "PodDisruptionBudget", "HorizontalPodAutoscaler"];

        Assert.That(Base.Select(manifest => manifest.Kind).Distinct(), Is.EquivalentTo(takenAway.Concat(protectsNobody)));
        Assert.That(Of("ClusterRoleBinding").Select(manifest => manifest.Name), Is.EqualTo(new[] { "payment-provider-issuer-keys" }), $"of which {nameof(TokenMutationTests)} takes away");
        Assert.That(Of("ConfigMap").Where(manifest => manifest.Name == "payment-provider").SelectMany(manifest => (JsonObject)manifest.Object["data"]!).Select(setting => setting.Key).Where(name => name.StartsWith("CALLER_", StringComparison.Ordinal)),
            Is.SubsetOf(TokenMutationTests.Spoilt.Select(spoilt => (spoilt.Arguments[3] as string ?? "").Replace("data.", "", StringComparison.Ordinal))), "spoilt there too");
    }

    /// <summary>One of the manifests.</summary>
    internal static Manifest Manifest(string kind, string @namespace, string name) =>
        Base.Single(manifest => manifest.Kind == kind && manifest.Namespace == @namespace && manifest.Name == name);

    private static IEnumerable<Manifest> Of(string kind) => Base.Where(manifest => manifest.Kind == kind);

    private static string Name(Manifest manifest) => $"{manifest.Namespace}/{manifest.Name}";

    private static IReadOnlyList<string> Differences(IEnumerable<Manifest> manifests)
    {
        var expectations = ReachExpectations.Read(File.ReadAllText(Repository.Path("k8s/reach.expected.yaml")), "k8s/reach.expected.yaml");
        return expectations.Differences([.. manifests]);
    }

    private static IEnumerable<(string What, Manifest Wider)> Split(Manifest policy)
    {
        foreach (var (direction, peers) in ((string, string)[])[("ingress", "from"), ("egress", "to")])
        {
            var rules = policy.Object["spec"]![direction] as JsonArray ?? [];
            for (var rule = 0; rule < rules.Count; rule++)
            {
                var named = rules[rule]![peers] as JsonArray ?? [];
                for (var peer = 0; peer < named.Count; peer++)
                {
                    if (named[peer]!["podSelector"] is null || named[peer]!["namespaceSelector"] is null)
                        continue;
                    var copy = (JsonObject)policy.Object.DeepClone();
                    var list = copy["spec"]![direction]![rule]![peers]!.AsArray();
                    var both = (JsonObject)list[peer]!;
                    var second = both["podSelector"]!.DeepClone();
                    both.Remove("podSelector");
                    list.Add(new JsonObject { ["podSelector"] = second });
                    yield return ($"{Name(policy)}: {direction} rule {rule + 1}, peer {peer + 1} as two", new Manifest(copy, policy.Source));
                }
            }
        }
    }

    /// <summary>A policy as the API completes it: what only restates a default changes nothing.</summary>
    private static JsonObject Filled(JsonObject policy)
    {
        var copy = (JsonObject)policy.DeepClone();
        copy["spec"] ??= new JsonObject();
        var spec = (JsonObject)copy["spec"]!;
        spec["podSelector"] ??= new JsonObject();
        if (spec["policyTypes"] is not JsonArray { Count: > 0 })
            spec["policyTypes"] = spec["egress"] is JsonArray { Count: > 0 } ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
        foreach (var direction in (string[])["ingress", "egress"])
            foreach (var rule in (spec[direction] as JsonArray ?? []).OfType<JsonObject>())
                foreach (var port in (rule["ports"] as JsonArray ?? []).OfType<JsonObject>())
                    port["protocol"] ??= "TCP";
        return copy;
    }

    /// <summary>What was left out is a default; or it named one direction alone, and in the other <c>default-deny</c> isolates already.</summary>
    private static bool IsNoLess(JsonObject without, JsonObject original)
    {
        var (types, before) = (without["spec"]!["policyTypes"]!.AsArray(), original["spec"]!["policyTypes"]!.AsArray());
        if (!before.All(type => types.Any(each => (string)each! == (string)type!)))
            return false;
        without["spec"]!["policyTypes"] = before.DeepClone();
        return JsonNode.DeepEquals(without, original);
    }

    private static Manifest Without(Manifest manifest, string path)
    {
        var copy = (JsonObject)manifest.Object.DeepClone();
        Mutations.Remove(copy, path);
        return new Manifest(copy, $"without {path}");
    }

    private string? Refusal(Manifest manifest)
    {
        try
        {
            _cluster.Cluster.Apply(manifest);
            return null;
        }
        catch (KubernetesApiException refused)
        {
            return refused.Message;
        }
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
            else if (field is "automountServiceAccountToken" or "serviceAccountName" or "enableServiceLinks")
                yield return prefix + field;
            else if (field is "volumes" or "volumeMounts" && value is JsonArray volumes)
                for (var index = 0; index < volumes.Count; index++)
                {
                    if (volumes[index]!["emptyDir"]?["sizeLimit"] is not null)
                        yield return $"{prefix}{field}.{index}.emptyDir.sizeLimit";
                    if (volumes[index]!["readOnly"] is not null)
                        yield return $"{prefix}{field}.{index}.readOnly";
                }
            else if (field is "containers" or "initContainers" && value is JsonArray containers)
                for (var index = 0; index < containers.Count; index++)
                    foreach (var inner in SettingsOf((JsonObject)containers[index]!, $"{prefix}{field}.{index}."))
                        yield return inner;
        }
    }
}
