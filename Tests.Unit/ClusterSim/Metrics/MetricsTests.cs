using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Metrics;
using ClusterSim.Nodes;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Metrics;

/// <summary><c>metrics.k8s.io</c> and the autoscaler, from what is said of the use of pods and nodes.</summary>
[TestFixture]
internal sealed class MetricsTests
{
    private const string Api = "/apis/metrics.k8s.io/v1beta1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task What_nobody_told_is_unknown_and_what_was_told_is_the_sample()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        using var client = ApiHttp.ClientOf(cluster);
        cluster.ApplyYaml(Pod("one", "main") + "---\n" + Pod("two", "main", "side"));
        await cluster.ReadyAsync(Patience);

        using var before = await client.GetAsync($"{Api}/namespaces/default/pods/one");
        var status = JsonElement.Parse(await before.Content.ReadAsStringAsync());
        Assert.That((status.At("code").Integer(), status.At("message").Text()), Is.EqualTo((404L, "podmetrics.metrics.k8s.io \"default/one\" not found")));
        Assert.That(await Names(client, $"{Api}/pods"), Is.Empty);
        Assert.That(await Names(client, $"{Api}/nodes"), Is.Empty);

        cluster.Metrics.SetPod("default", "one", cpu: "250m", memory: "64Mi");
        cluster.Metrics.SetPod("default", "two", cpu: "1", memory: "1Gi", container: "main");
        Assert.That(await Names(client, $"{Api}/pods"), Is.EqualTo((string[])["one"]), "of one container of the other nothing is known");

        var two = cluster.Find("pods", "default", "two")!.Value.ToObject();
        two["metadata"]!["annotations"] = new JsonObject { ["clustersim/usage-cpu"] = "side=5m", ["clustersim/usage-memory"] = "side=10Mi" };
        cluster.Admin.Update(cluster.Admin.Resource("pods"), two);
        var sample = JsonElement.Parse(await client.GetStringAsync($"{Api}/namespaces/default/pods/two"));
        Assert.That(
            sample.At("containers").Items().Select(container => (container.At("name").Text(), container.At("usage", "cpu").Text(), container.At("usage", "memory").Text())),
            Is.EqualTo(((string?, string?, string?)[])[("main", "1", "1Gi"), ("side", "5m", "10Mi")]));
        Assert.That(await Names(client, $"{Api}/pods?labelSelector=app%3Done"), Is.EqualTo((string[])["one"]));
    }

    [Test]
    public async Task A_sidecar_is_in_the_sample_where_it_is_told_of_and_need_not_be()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        using var client = ApiHttp.ClientOf(cluster);
        cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: one, namespace: default, annotations: { clustersim/usage-cpu: 100m, clustersim/usage-memory: 64Mi } }
            spec:
              initContainers: [ { name: side, image: "busybox:1.36", command: [sleep, "3600"], restartPolicy: Always } ]
              containers: [ { name: main, image: "busybox:1.36", command: [sleep, "3600"] } ]
            """);
        await cluster.ReadyAsync(Patience);

        Assert.That(await Sample(), Is.EqualTo("main=100m"));

        Say("main=100m,side=5m", "main=64Mi,side=1Mi");
        Assert.That(await Sample(), Is.EqualTo("main=100m side=5m"));
        Assert.That(() => Say("other=1m", "64Mi"), Throws.TypeOf<KubernetesApiException>().With.Message.Contains("there is no container \"other\"; there are main, side"));

        void Say(string cpu, string memory)
        {
            var pod = cluster.Find("pods", "default", "one")!.Value.ToObject();
            pod["metadata"]!["annotations"] = new JsonObject { ["clustersim/usage-cpu"] = cpu, ["clustersim/usage-memory"] = memory };
            cluster.Admin.Update(cluster.Admin.Resource("pods"), pod);
        }

        async Task<string> Sample() => string.Join(' ', JsonElement.Parse(await client.GetStringAsync($"{Api}/namespaces/default/pods/one"))
            .At("containers").Items().Select(container => $"{container.At("name").Text()}={container.At("usage", "cpu").Text()}"));
    }

    [Test]
    public async Task A_node_uses_what_its_pods_use_or_what_is_said_of_it()
    {
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [new() { Name = "only" }] });
        using var client = ApiHttp.ClientOf(cluster);
        cluster.ApplyYaml(Pod("one", "main") + "---\n" + Pod("two", "main"));
        await cluster.ReadyAsync(Patience);

        cluster.Metrics.SetPod("default", "one", cpu: "250m", memory: "64Mi");
        Assert.That(await Names(client, $"{Api}/nodes"), Is.Empty, "what one of its pods uses is not known");
        cluster.Metrics.SetPods("default", "", cpu: "100m", memory: "100Mi");
        Assert.That(await Usage(client), Is.EqualTo(("200m", "200Mi")), "the newest word counts");
        cluster.Metrics.SetNode("only", cpu: "2", memory: "3Gi");
        Assert.That(await Usage(client), Is.EqualTo(("2", "3Gi")));
        cluster.Metrics.Clear();
        Assert.That(await Names(client, $"{Api}/nodes"), Is.Empty);

        static async Task<(string?, string?)> Usage(HttpClient client)
        {
            var usage = JsonElement.Parse(await client.GetStringAsync($"{Api}/nodes/only")).At("usage");
            return (usage.At("cpu").Text(), usage.At("memory").Text());
        }
    }

    [TestCase("clustersim/usage-cpu", "25x", "quantities must match the regular expression")]
    [TestCase("clustersim/usage-cpu", "-1", "must be greater than or equal to 0")]
    [TestCase("clustersim/usage-cpu", "other=1", "there is no container \"other\"; there is main")]
    [TestCase("clustersim/usage-disk", "1", "supported values: \"clustersim/usage-cpu\", \"clustersim/usage-memory\"")]
    public async Task An_annotation_that_cannot_be_understood_is_refused(string annotation, string value, string complaint)
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        var pod = (JsonObject)JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"one","namespace":"default","annotations":{"{{{annotation}}}":"{{{value}}}"}},"spec":{"containers":[{"name":"main","image":"pause"}]}}""")!;

        var refusal = Assert.Throws<KubernetesApiException>(() => cluster.Admin.Create(cluster.Admin.Resource("pods"), pod))!;

        Assert.That((refusal.Code, refusal.Message), Is.EqualTo((422, refusal.Message)));
        Assert.That(refusal.Message, Does.Contain($"metadata.annotations[{annotation}]").And.Contain(complaint));
    }

    [Test]
    public async Task The_group_is_discovered_and_printed_as_metrics_servers()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        using var client = ApiHttp.ClientOf(cluster);
        cluster.ApplyYaml(Pod("one", "main"));
        await cluster.ReadyAsync(Patience);
        cluster.Metrics.SetPods("default", "app=one", cpu: "250m", memory: "64Mi");

        var resources = JsonElement.Parse(await client.GetStringAsync(Api));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Api}/pods");
        request.Headers.Add("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        using var response = await client.SendAsync(request);
        var table = JsonElement.Parse(await response.Content.ReadAsStringAsync());

        Assert.That(resources.At("resources").Items().Select(resource => $"{resource.At("name").Text()} {resource.At("kind").Text()} {resource.At("verbs")}"),
            Is.EqualTo((string[])["nodes NodeMetrics [\"get\",\"list\"]", "pods PodMetrics [\"get\",\"list\"]"]));
        Assert.That(cluster.Find("apiservices", null, "v1beta1.metrics.k8s.io"), Is.Not.Null);
        Assert.That(table.At("rows")[0].At("cells").ToString(), Is.EqualTo("""["one","250m","64Mi","15s"]"""));
    }

    [Test]
    public async Task The_autoscaler_scales_by_the_same_values()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        cluster.Metrics.SetPods("default", "app=load", cpu: "300m");
        cluster.ApplyYaml("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: load }
            spec:
              replicas: 1
              selector: { matchLabels: { app: load } }
              template:
                metadata: { labels: { app: load } }
                spec: { containers: [{ name: main, image: "registry.k8s.io/pause:3.10", resources: { requests: { cpu: 100m } } }] }
            """);
        await cluster.ReadyAsync(Patience);
        cluster.ApplyYaml("""
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: { name: load }
            spec:
              scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: load }
              maxReplicas: 3
              metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 100 } } }]
            """);

        await cluster.UntilAsync(() => cluster.Find("deployments", "default", "load")!.Value.At("spec", "replicas").Integer(0) == 3, Patience);
        await cluster.UntilAsync(() => Autoscaler().At("status", "currentMetrics").Count() == 1, Patience);

        JsonElement Autoscaler() => cluster.Find("horizontalpodautoscalers", "default", "load")!.Value;
        Assert.That(Autoscaler().At("status", "currentMetrics")[0].At("resource", "current", "averageUtilization").Integer(), Is.EqualTo(300));
    }

    private static async Task<List<string?>> Names(HttpClient client, string path) =>
        [.. JsonElement.Parse(await client.GetStringAsync(path)).At("items").Items().Select(item => item.At("metadata", "name").Text())];

    private static string Pod(string name, params string[] containers) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: { name: {{name}}, labels: { app: {{name}} } }
        spec: { containers: [{{string.Join(", ", containers.Select(container => $"{{ name: {container}, image: \"registry.k8s.io/pause:3.10\" }}"))}}] }

        """;
}
