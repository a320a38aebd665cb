using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>What Kubernetes' conformance tests expect of ResourceQuotas.</summary>
public sealed class QuotaTests
{
    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _api = await CustomCluster.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [TestCase("configmaps", "/api/v1", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"test"},"data":{"a":"b"}}""")]
    [TestCase("secrets", "/api/v1", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"test"},"data":{"data-1":"dmFsdWUtMQ=="}}""")]
    [TestCase("services", "/api/v1", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"test"},"spec":{"ports":[{"port":80}]}}""")]
    [TestCase("replicationcontrollers", "/api/v1", """{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"test"},"spec":{"replicas":0,"selector":{"a":"b"},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"pause"}]}}}}""")]
    [TestCase("count/replicasets.apps", "/apis/apps/v1", """{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"test"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"pause"}]}}}}""")]
    public async Task A_quota_follows_the_life_of_an_object(string counted, string prefix, string body)
    {
        var resource = counted.Replace("count/", "", StringComparison.Ordinal).Split('.')[0];
        var @namespace = await NamespaceAsync("life-" + resource);
        var before = await UsedAsync(@namespace, "q", counted, _ => true, create: $$$"""{"{{{counted}}}":"3"}""");

        Assert.That((await _api.PostAsync($"{prefix}/namespaces/{@namespace}/{resource}", body)).Code, Is.EqualTo(201));
        await UsedAsync(@namespace, "q", counted, used => used == before + 1);
        await _api.DeleteAsync($"{prefix}/namespaces/{@namespace}/{resource}/test");
        await UsedAsync(@namespace, "q", counted, used => used == before);
    }

    [Test]
    public async Task A_quota_is_updated_patched_listed_and_deleted()
    {
        var @namespace = await NamespaceAsync("managed");
        var path = $"/api/v1/namespaces/{@namespace}/resourcequotas";
        Assert.That((await _api.PostAsync(path, """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q","labels":{"e2e":"q"}},"spec":{"hard":{"cpu":"1","memory":"500Mi"}}}""")).Code, Is.EqualTo(201));
        var live = (await _api.GetAsync($"{path}/q")).Body!;
        live["metadata"]!.AsObject().Remove("resourceVersion"); // the controller may have written the status since
        live["spec"]!["hard"]!["cpu"] = "2";
        live["spec"]!["hard"]!["memory"] = "1Gi";
        Assert.That((await _api.PutAsync($"{path}/q", live)).Body!["spec"]!["hard"]!.ToJsonString(), Is.EqualTo("""{"cpu":"2","memory":"1Gi"}"""));
        Assert.That((string?)(await _api.MergeAsync($"{path}/q", """{"spec":{"hard":{"cpu":"4"}}}""")).Body!["spec"]!["hard"]!["cpu"], Is.EqualTo("4"));
        Assert.That((await _api.GetAsync("/api/v1/resourcequotas?labelSelector=e2e%3Dq")).Body!["items"]!.AsArray(), Has.Count.EqualTo(1));
        var status = await _api.MergeAsync($"{path}/q/status", """{"status":{"hard":{"cpu":"3"}},"spec":{"hard":{"cpu":"9"}}}""");
        Assert.That(status.Code, Is.EqualTo(200), status.ToString());
        Assert.That((string?)status.Body!["spec"]!["hard"]!["cpu"], Is.EqualTo("4"), "a write to the status leaves the spec");
        Assert.That((await _api.DeleteAsync($"{path}?labelSelector=e2e%3Dq")).Code, Is.EqualTo(200));
        Assert.That((await _api.GetAsync($"{path}/q")).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task A_quota_holds_pods_to_what_is_left()
    {
        var @namespace = await NamespaceAsync("pods");
        await _api.UntilAsync($"/api/v1/namespaces/{@namespace}/serviceaccounts/default", answer => answer.Code == 200);
        await UsedAsync(@namespace, "q", "pods", _ => true, create: """{"pods":"5","cpu":"1","memory":"500Mi","ephemeral-storage":"50Gi","requests.example.com/dongle":"3"}""");
        var pods = $"/api/v1/namespaces/{@namespace}/pods";
        Assert.That((await _api.PostAsync(pods, Pod("fits", "\"cpu\":\"500m\",\"memory\":\"252Mi\",\"ephemeral-storage\":\"30Gi\",\"example.com/dongle\":\"2\""))).Code, Is.EqualTo(201));
        await UsedAsync(@namespace, "q", "pods", used => used == 1);
        var refused = await _api.PostAsync(pods, Pod("big", "\"cpu\":\"600m\",\"memory\":\"100Mi\",\"ephemeral-storage\":\"1Gi\""));
        Assert.That(refused.Code, Is.EqualTo(403));
        Assert.That(refused.Message, Does.Contain("exceeded quota: q, requested: cpu=600m, used: cpu=500m, limited: cpu=1"));
        Assert.That((await _api.SendAsync("PATCH", $"{pods}/fits", """{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"100m"}}}]}}""", "application/strategic-merge-patch+json")).Code, Is.EqualTo(422));
        await _api.DeleteAsync($"{pods}/fits");
        await UsedAsync(@namespace, "q", "pods", used => used == 0);
    }

    [TestCase("BestEffort", "NotBestEffort", "", "\"cpu\":\"100m\"", "")]
    [TestCase("NotTerminating", "Terminating", "\"cpu\":\"100m\"", "\"cpu\":\"100m\"", ",\"activeDeadlineSeconds\":3600")]
    public async Task A_scope_counts_its_own_pods_only(string first, string second, string inFirst, string inSecond, string more)
    {
        var @namespace = await NamespaceAsync(first.ToLowerInvariant());
        await _api.UntilAsync($"/api/v1/namespaces/{@namespace}/serviceaccounts/default", answer => answer.Code == 200);
        await UsedAsync(@namespace, "one", "pods", _ => true, create: """{"pods":"5"}""", scope: first);
        await UsedAsync(@namespace, "two", "pods", _ => true, create: """{"pods":"5"}""", scope: second);
        var pods = $"/api/v1/namespaces/{@namespace}/pods";
        Assert.That((await _api.PostAsync(pods, Pod("a", inFirst))).Code, Is.EqualTo(201));
        await UsedAsync(@namespace, "one", "pods", used => used == 1);
        await UsedAsync(@namespace, "two", "pods", used => used == 0);
        Assert.That((await _api.PostAsync(pods, Pod("b", inSecond, more))).Code, Is.EqualTo(201));
        await UsedAsync(@namespace, "two", "pods", used => used == 1);
        await _api.DeleteAsync($"{pods}/a");
        await UsedAsync(@namespace, "one", "pods", used => used == 0);
    }

    private async Task<string> NamespaceAsync(string name)
    {
        Assert.That((await _api.PostAsync("/api/v1/namespaces", $$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{name}}}"} }""")).Code, Is.EqualTo(201));
        await _api.UntilAsync($"/api/v1/namespaces/{name}/configmaps/kube-root-ca.crt", answer => answer.Code == 200);
        return name;
    }

    private async Task<long> UsedAsync(string @namespace, string quota, string resource, Func<long, bool> holds, string? create = null, string? scope = null)
    {
        var path = $"/api/v1/namespaces/{@namespace}/resourcequotas";
        if (create is not null)
            Assert.That((await _api.PostAsync(path, $$$"""{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"{{{quota}}}"},"spec":{"hard":{{{create}}}{{{(scope is null ? "" : $",\"scopes\":[\"{scope}\"]")}}} } }""")).Code, Is.EqualTo(201));
        var seen = 0L;
        await _api.UntilAsync($"{path}/{quota}", answer => (string?)answer.Body?["status"]?["used"]?[resource] is { } used
            && long.TryParse(used, System.Globalization.CultureInfo.InvariantCulture, out seen) && holds(seen));
        return seen;
    }

    private static string Pod(string name, string resources, string more = "") => $$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"c","image":"pause","resources":{"requests":{ {{{resources}}} },"limits":{ {{{resources}}} } } }]{{{more}}} } }
        """;
}
