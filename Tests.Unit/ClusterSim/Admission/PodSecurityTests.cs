using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Admission;
using ClusterSim.Admission.PodSecurityStandards;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using ClusterSim.Tests.Access;

namespace ClusterSim.Tests.Admission;

internal sealed class PodSecurityTests
{
    private const string Safe = """
        {"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},
         "containers":[{"name":"c","image":"i","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}
        """;

    // Each changes one thing of a pod that breaks nothing; what is told of it by baseline and by restricted.
    [TestCase("""{"hostNetwork":true,"hostPID":true}""", "host namespaces (hostNetwork=true, hostPID=true)", "=")]
    [TestCase("""{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}""", "hostPath volumes (volume \"v\")",
        "restricted volume types (volume \"v\" uses restricted volume type \"hostPath\")")]
    [TestCase("""{"volumes":[{"name":"v","nfs":{}},{"name":"w","iscsi":{}}]}""", "", "restricted volume types (volumes \"v\", \"w\" use restricted volume types \"iscsi\", \"nfs\")")]
    [TestCase("""{"containers":[{"ports":[{"hostPort":80},{"hostPort":81}]}]}""", "hostPort (container \"c\" uses hostPorts 80, 81)", "=")]
    [TestCase("""{"containers":[{"securityContext":{"privileged":true}}]}""", "privileged (container \"c\" must not set securityContext.privileged=true)", "=")]
    [TestCase("""{"containers":[{"securityContext":{"capabilities":{"drop":["ALL"],"add":["SYS_ADMIN","NET_BIND_SERVICE"]}}}]}""",
        "non-default capabilities (container \"c\" must not include \"SYS_ADMIN\" in securityContext.capabilities.add)",
        "unrestricted capabilities (container \"c\" must not include \"SYS_ADMIN\" in securityContext.capabilities.add)")]
    [TestCase("""{"containers":[{"securityContext":{"allowPrivilegeEscalation":true}}]}""", "",
        "allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false)")]
    [TestCase("""{"containers":[{"securityContext":{"runAsNonRoot":false}}]}""", "", "runAsNonRoot != true (container \"c\" must not set securityContext.runAsNonRoot=false)")]
    [TestCase("""{"securityContext":{"runAsUser":0},"containers":[{"securityContext":{"runAsUser":0}}]}""", "", "runAsUser=0 (pod and container \"c\" must not set runAsUser=0)")]
    [TestCase("""{"securityContext":{"seccompProfile":{"type":"Unconfined"}},"containers":[{"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}}}]}""",
        "seccompProfile (pod must not set securityContext.seccompProfile.type to \"Unconfined\")", "=")]
    [TestCase("""{"securityContext":{"sysctls":[{"name":"kernel.msgmax"},{"name":"net.ipv4.tcp_rmem"}]}}""", "forbidden sysctls (kernel.msgmax)", "=")]
    [TestCase("""{"securityContext":{"appArmorProfile":{"type":"Unconfined"}}}""", "forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\")", "=")]
    [TestCase("""{"containers":[{"securityContext":{"procMount":"Unmasked"}}]}""", "procMount (container \"c\" must not set securityContext.procMount to \"Unmasked\")", "=")]
    [TestCase("""{"containers":[{"securityContext":{"seLinuxOptions":{"type":"spc_t","user":"u"}}}]}""",
        "seLinuxOptions (container \"c\" set forbidden securityContext.seLinuxOptions: type \"spc_t\"; user may not be set)", "=")]
    [TestCase("""{"containers":[{"livenessProbe":{"httpGet":{"host":"169.254.169.254"}}}]}""",
        "probe or lifecycle host (container \"c\" uses probe or lifecycle host \"169.254.169.254\")", "=")]
    [TestCase("""{"securityContext":{"windowsOptions":{"hostProcess":true}}}""", "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)", "=")]
    public void Each_standard_is_told_in_kubernetes_words(string change, string baseline, string restricted)
    {
        var admission = new PodSecurity(new VersionedStore());
        var spec = Merge(JsonNode.Parse(Safe)!, JsonNode.Parse(change)!).ToElement();

        Assert.That(Told(PodSecurityLevel.Baseline), Is.EqualTo(baseline));
        Assert.That(Told(PodSecurityLevel.Restricted), Is.EqualTo(restricted == "=" ? baseline : restricted));
        Assert.That(Told(PodSecurityLevel.Privileged), Is.Empty);

        string Told(PodSecurityLevel level) => string.Join(", ", admission.Evaluate(new LevelVersion(level, null), default, spec));
    }

    [Test]
    public void An_older_version_of_the_standards_asks_less()
    {
        var admission = new PodSecurity(new VersionedStore());
        var spec = JsonElement.Parse("""{"containers":[{"name":"c","image":"i"}]}""");

        Assert.That(admission.Evaluate(new LevelVersion(PodSecurityLevel.Restricted, 18), default, spec).Select(violation => violation.Reason),
            Is.EqualTo((string[])["allowPrivilegeEscalation != false", "runAsNonRoot != true"]));
        Assert.That(admission.Evaluate(new LevelVersion(PodSecurityLevel.Restricted, 21), default, spec), Has.Count.EqualTo(3));
    }

    [Test]
    public void A_stricter_namespace_warns_of_the_pods_that_are_there()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        foreach (var name in (string[])["a", "b", "c"])
            cluster.Create("""{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}}""", "web", name);
        var labelled = cluster.Store.Find(new("", "namespaces"), new(null, "web"))!.ToObject();
        labelled.Ensure("metadata").Ensure("labels")["pod-security.kubernetes.io/enforce"] = "baseline";

        var result = cluster.Server.Update(
            new RequestTarget(UserInfo.ApiServer, AccessCluster.Resource("namespaces"), null, "web"), labelled, WriteOptions.None);

        Assert.That(result.Warnings, Is.EqualTo((string[])[
            "existing pods in namespace \"web\" violate the new PodSecurity enforce level \"baseline:latest\"", "a (and 2 other pods): privileged"]));
    }

    [Test]
    public void A_label_that_says_nothing_known_is_refused()
    {
        using var cluster = new AccessCluster();

        Assert.That(() => cluster.Namespace("web", ("pod-security.kubernetes.io/enforce", "strict")),
            Throws.TypeOf<KubernetesApiException>().With.Property("Code").EqualTo(422).And.Message.EqualTo(
                "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, baseline, restricted"));
    }

    private static JsonNode Merge(JsonNode target, JsonNode change)
    {
        if (target is JsonObject into && change is JsonObject from)
            foreach (var (name, value) in from)
                into[name] = into[name] is { } present and not JsonValue ? Merge(present.DeepClone(), value!) : value?.DeepClone();
        else if (target is JsonArray { Count: > 0 } list && change is JsonArray { Count: 1 } one && list[0] is JsonObject && one[0] is JsonObject)
            return new JsonArray(Merge(list[0]!.DeepClone(), one[0]!));
        else
            return change.DeepClone();
        return target;
    }
}
