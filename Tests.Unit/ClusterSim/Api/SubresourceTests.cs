using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Api;

/// <summary>The subresources of the built-in kinds that store something. Those that stream have their tests with the nodes, scale and status of custom resources theirs.</summary>
public sealed class SubresourceTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _api = await CustomCluster.StartAsync();
        await _api.UntilAsync("/api/v1/namespaces/default/serviceaccounts/default", answer => answer.Code == 200);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [Test]
    public async Task Resize_changes_what_a_pod_asks_for_and_nothing_else()
    {
        await PodAsync("resized");
        await _api.PostAsync("/api/v1/nodes", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"paper"}}""");
        await _api.PostAsync($"{Pods}/resized/binding", """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"resized"},"target":{"kind":"Node","name":"paper"}}""");

        var direct = await StrategicAsync($"{Pods}/resized", "200m");
        Assert.That(direct.Code, Is.EqualTo(422));
        Assert.That(direct.Message, Does.Contain("pod updates may not change fields other than"));
        var resized = await StrategicAsync($"{Pods}/resized/resize", "200m");
        Assert.That(resized.Code, Is.EqualTo(200), resized.ToString());
        Assert.That((string?)resized.Body!["spec"]!["containers"]![0]!["resources"]!["requests"]!["cpu"], Is.EqualTo("200m"));
        Assert.That((string?)(await _api.GetAsync($"{Pods}/resized/resize")).Body!["kind"], Is.EqualTo("Pod"));

        var image = await _api.SendAsync("PATCH", $"{Pods}/resized/resize", """{"metadata":{"labels":{"x":"y"}},"spec":{"containers":[{"name":"c","image":"other"}]}}""", "application/strategic-merge-patch+json");
        Assert.That((image.Code, (string?)image.Body!["spec"]!["containers"]![0]!["image"], image.Body["metadata"]!["labels"]), Is.EqualTo((200, "pause", (JsonNode?)null)), "the rest is dropped");
        var guaranteed = await _api.SendAsync("PATCH", $"{Pods}/resized/resize",
            """{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1","memory":"64Mi"},"limits":{"cpu":"1","memory":"64Mi"}}}]}}""", "application/strategic-merge-patch+json");
        Assert.That(guaranteed.Code, Is.EqualTo(422), "its quality of service would change");
        Assert.That(
            ((JsonArray)resized.Body["metadata"]!["managedFields"]!).Select(entry => (string?)entry!["subresource"]), Does.Contain("resize"));
    }

    [Test]
    public async Task What_a_resize_may_not_do_is_refused_in_words()
    {
        await PodAsync("stiff");

        Assert.That(await RefusalAsync("""{"spec":{"containers":[{"name":"d","image":"pause"}]}}"""), Does.EndWith("spec: Forbidden: only cpu and memory resources are mutable"));
        Assert.That(await RefusalAsync("""{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"100m","ephemeral-storage":"1Gi"}}}]}}"""), Does.EndWith("spec: Forbidden: only cpu and memory resources are mutable"));
        Assert.That(
            await RefusalAsync("""{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":null,"memory":"1Mi"}}}]}}"""),
            Does.Contain("spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"));
        Assert.That(
            await RefusalAsync("""{"spec":{"containers":[{"name":"c","resizePolicy":[{"resourceName":"cpu","restartPolicy":"RestartContainer"}]}]}}"""),
            Does.EndWith("spec: Forbidden: only cpu and memory resources are mutable"));
        Assert.That(await RefusalAsync("""{"spec":{"resources":{"requests":{"cpu":"1"}}}}"""), Does.EndWith("Forbidden: pods with pod-level resources cannot be resized"));

        await _api.PostAsync("/api/v1/namespaces/default/limitranges", """{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"small"},"spec":{"limits":[{"type":"Container","max":{"cpu":"1"},"default":{"cpu":"500m"}}]}}""");
        var beyond = await StrategicAsync($"{Pods}/stiff/resize", "2");
        Assert.That((beyond.Code, beyond.Message), Is.EqualTo((403, "pods \"stiff\" is forbidden: maximum cpu usage per Container is 1.  No limit is specified")));
        await _api.DeleteAsync("/api/v1/namespaces/default/limitranges/small");

        async Task<string> RefusalAsync(string patch)
        {
            var answer = await _api.SendAsync("PATCH", $"{Pods}/stiff/resize", patch, "application/strategic-merge-patch+json");
            Assert.That(answer.Code, Is.EqualTo(422), answer.ToString());
            return answer.Message!;
        }
    }

    [TestCase("resize")]
    [TestCase("ephemeralcontainers")]
    public async Task A_stale_write_of_a_part_of_a_pod_is_a_conflict(string subresource)
    {
        await PodAsync("stale-" + subresource);
        var seen = (await _api.GetAsync($"{Pods}/stale-{subresource}/{subresource}")).Body!;
        await _api.MergeAsync($"{Pods}/stale-{subresource}", """{"metadata":{"labels":{"a":"b"}}}""");

        var stale = await _api.SendAsync("PUT", $"{Pods}/stale-{subresource}/{subresource}", seen.ToJsonString());

        Assert.That((stale.Code, (string?)stale.Body!["reason"]), Is.EqualTo((409, "Conflict")), stale.ToString());
    }

    [Test]
    public async Task Binding_eviction_status_and_ephemeral_containers_write_what_they_are_for()
    {
        await PodAsync("bound");
        var bound = await _api.PostAsync($"{Pods}/bound/binding", """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"bound"},"target":{"kind":"Node","name":"elsewhere"}}""");
        Assert.That(bound.Code, Is.EqualTo(201), bound.ToString());
        Assert.That((string?)(await _api.GetAsync($"{Pods}/bound")).Body!["spec"]!["nodeName"], Is.EqualTo("elsewhere"));

        var status = await _api.MergeAsync($"{Pods}/bound/status", """{"status":{"message":"told"},"spec":{"nodeName":"other"}}""");
        Assert.That(((string?)status.Body!["status"]!["message"], (string?)status.Body["spec"]!["nodeName"]), Is.EqualTo(("told", "elsewhere")));

        var ephemeral = await _api.SendAsync("PATCH", $"{Pods}/bound/ephemeralcontainers", """{"spec":{"ephemeralContainers":[{"name":"debug","image":"busybox"}]}}""", "application/strategic-merge-patch+json");
        Assert.That((string?)ephemeral.Body!["spec"]!["ephemeralContainers"]![0]!["name"], Is.EqualTo("debug"), ephemeral.ToString());

        var evicted = await _api.PostAsync($"{Pods}/bound/eviction", """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"bound"},"deleteOptions":{"gracePeriodSeconds":0}}""");
        Assert.That(evicted.Code, Is.EqualTo(201), evicted.ToString());
        await _api.UntilAsync($"{Pods}/bound", answer => answer.Code == 404);
    }

    [Test]
    public async Task Scale_and_token_answer_in_kinds_of_their_own()
    {
        await _api.PostAsync("/apis/apps/v1/namespaces/default/deployments", """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"pause"}]}}}}""");
        var scaled = await _api.MergeAsync("/apis/apps/v1/namespaces/default/deployments/d/scale", """{"spec":{"replicas":2}}""");
        Assert.That(((string?)scaled.Body!["kind"], (int?)scaled.Body["spec"]!["replicas"]), Is.EqualTo(("Scale", 2)));
        Assert.That((int?)(await _api.GetAsync("/apis/apps/v1/namespaces/default/deployments/d")).Body!["spec"]!["replicas"], Is.EqualTo(2));

        var token = await _api.PostAsync("/api/v1/namespaces/default/serviceaccounts/default/token", """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}""");
        Assert.That(((string?)token.Body!["kind"], token.Code), Is.EqualTo(("TokenRequest", 201)));
    }

    [Test]
    public async Task A_scale_is_applied_and_its_replicas_are_owned_through_it()
    {
        const string path = "/apis/apps/v1/namespaces/default/deployments";
        await _api.PostAsync(path, """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"applied"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"pause"}]}}}}""");
        const string scale = "apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: applied}\nspec: {replicas: 3}\n";

        var conflict = await _api.ApplyAsync($"{path}/applied/scale", scale);
        Assert.That((conflict.Code, conflict.Message), Is.EqualTo((409, "Apply failed with 1 conflict: conflict with \"unknown\" using autoscaling/v1: .spec.replicas")));
        var applied = await _api.ApplyAsync($"{path}/applied/scale?force=true", scale);
        Assert.That((applied.Code, (string?)applied.Body!["kind"], (int?)applied.Body["spec"]!["replicas"]), Is.EqualTo((200, "Scale", 3)), applied.ToString());

        var deployment = (await _api.GetAsync($"{path}/applied")).Body!;
        var entry = ((JsonArray)deployment["metadata"]!["managedFields"]!).Single(one => (string?)one!["subresource"] == "scale")!;
        Assert.That(
            ((int?)deployment["spec"]!["replicas"], (string?)entry["manager"], (string?)entry["operation"], (string?)entry["apiVersion"], entry["fieldsV1"]!.ToJsonString()),
            Is.EqualTo((3, "tester", "Apply", "apps/v1", """{"f:spec":{"f:replicas":{}}}""")));
        Assert.That((await _api.ApplyAsync($"{path}/applied/scale?force=true", scale.Replace("autoscaling/v1", "apps/v1", StringComparison.Ordinal))).Code, Is.EqualTo(400));
    }

    private Task<Answer> StrategicAsync(string path, string cpu) => _api.SendAsync(
        "PATCH", path, $$$"""{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"{{{cpu}}}"} } }]} }""", "application/strategic-merge-patch+json");

    private async Task PodAsync(string name)
    {
        var created = await _api.PostAsync(Pods, $$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"c","image":"pause","resources":{"requests":{"cpu":"100m"} } }]} }""");
        Assert.That(created.Code, Is.EqualTo(201), created.ToString());
    }
}
