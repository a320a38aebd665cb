using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Controllers;
using ClusterSim.Controllers.Autoscaling;
using ClusterSim.Controllers.Endpoints;
using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

public sealed class AvailabilityTests
{
    private const string Budget = """
        {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":2,"selector":{"matchLabels":{"app":"web"}}}}
        """;

    [Test]
    public async Task An_eviction_that_a_budget_forbids_is_refused_in_Kubernetes_words()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 2));
        cluster.Create(Budget);
        await cluster.SettleAsync();

        var refused = Assert.Throws<KubernetesApiException>(() => Evict(cluster, cluster.Pods("web")[0].Name))!;

        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(429));
            Assert.That(refused.Message, Is.EqualTo("Cannot evict pod as it would violate the pod's disruption budget."));
            Assert.That(refused.Details!.ToJsonString(), Is.EqualTo("""{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget b needs 2 healthy pods and has 2 currently"}]}"""));
            Assert.That(cluster.Find("poddisruptionbudgets", "b", "policy")!.Condition("DisruptionAllowed").At("reason").Text(), Is.EqualTo("InsufficientPods"));
        });
    }

    [Test]
    public async Task A_budget_lets_go_as_many_pods_as_it_has_to_spare_and_no_more()
    {
        await using var cluster = await TestCluster.StartAsync();
        for (var i = 0; i < 3; i++)
            cluster.Create($$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-{{i}}","labels":{"app":"web"} },"spec":{"containers":[{"name":"main","image":"box:1"}]} }""");
        cluster.Create(Budget);
        await cluster.SettleAsync();
        cluster.Kubelet.EndsAfter = TimeSpan.FromSeconds(10);

        Evict(cluster, "web-0");

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("pods", "web-0")!.IsDeleting, Is.True);
            Assert.That(() => Evict(cluster, "web-1"), Throws.TypeOf<KubernetesApiException>().With.Property("Code").EqualTo(429));
        });
    }

    [Test]
    public async Task Endpoints_are_the_ready_pods_and_tell_who_is_serving_while_ending()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 2));
        cluster.Create("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8081}]}}""");
        await cluster.SettleAsync();
        cluster.Kubelet.EndsAfter = TimeSpan.FromSeconds(10);
        var before = Endpoints(cluster);

        cluster.Delete("pods", "", cluster.Pods("web")[0].Name);
        await cluster.SettleAsync();
        var during = Endpoints(cluster);
        await cluster.AdvanceAsync(11);

        Assert.Multiple(() =>
        {
            Assert.That(before, Is.EqualTo(new[] { "ready serving", "ready serving" }));
            Assert.That(during, Is.EquivalentTo(new[] { "serving terminating", "ready serving", "ready serving" }));
            Assert.That(Endpoints(cluster), Is.EqualTo(new[] { "ready serving", "ready serving" }));
            Assert.That(cluster.List("endpointslices", "discovery.k8s.io").Single().Root.At("ports").ToNode()!.ToJsonString(), Is.EqualTo("""[{"name":"http","port":8081,"protocol":"TCP"}]"""));
        });
    }

    [Test]
    public async Task A_service_without_pods_has_one_empty_slice_and_a_named_port_is_looked_up_in_each_pod()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":"web"}]}}""");
        await cluster.SettleAsync();
        var empty = cluster.List("endpointslices", "discovery.k8s.io").Single().Root;
        foreach (var (name, port) in ((string, int)[])[("one", 8001), ("two", 8002)])
            cluster.Create($$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}","labels":{"app":"web"} },"spec":{"containers":[{"name":"main","image":"box:1","ports":[{"name":"web","containerPort":{{port}} }]}]} }""");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(empty.At("endpoints").Exists() || empty.At("ports").Exists(), Is.False);
            Assert.That(cluster.List("endpointslices", "discovery.k8s.io").Select(slice => slice.Root.At("ports").Items().Single().At("port").Integer()), Is.EquivalentTo(new[] { 8001, 8002 }));
        });
    }

    [Test]
    public async Task Endpoints_that_somebody_wrote_are_mirrored_and_a_selectors_are_kept_where_asked_for()
    {
        await using var cluster = await TestCluster.StartAsync(options: new ControllerOptions { KeepEndpoints = true, NodeMonitorGracePeriod = TimeSpan.FromDays(1000) });
        cluster.Create("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"outside"},"spec":{"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":80}]}}""");
        cluster.Create("""{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"outside"},"subsets":[{"addresses":[{"ip":"192.0.2.7"}],"ports":[{"name":"http","port":80,"protocol":"TCP"}]}]}""");
        cluster.Create(TestCluster.Deployment("web", 2));
        cluster.Create("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8081}]}}""");
        await cluster.SettleAsync();

        var mirrored = cluster.List("endpointslices", "discovery.k8s.io").Single(slice => slice.Labels[EndpointSliceController.ServiceNameLabel] == "outside");
        Assert.Multiple(() =>
        {
            Assert.That(mirrored.Labels[EndpointSliceController.ManagedByLabel], Is.EqualTo("endpointslicemirroring-controller.k8s.io"));
            Assert.That(mirrored.Root.At("endpoints").Items().Single().At("addresses").Items().Single().Text(), Is.EqualTo("192.0.2.7"));
            Assert.That(cluster.Find("endpoints", "web")!.Root.At("subsets").Items().Single().At("addresses").Count(), Is.EqualTo(2));
        });
    }

    [Test]
    public async Task A_silent_node_is_tainted_its_pods_leave_the_endpoints_and_are_replaced()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 0, options: new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromSeconds(50) });
        cluster.CreateNode("good");
        cluster.CreateNode("lost");
        void Beat(string node) => cluster.Admin.Change(cluster.Resource("nodes"), new ObjectKey(null, node), one =>
        {
            ((JsonObject)one["status"]!["conditions"]![0]!)["lastHeartbeatTime"] = cluster.Clock.GetUtcNow().Stamp();
            return true;
        }, "status");
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"rs"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"rs"}},
             "template":{"metadata":{"labels":{"app":"rs"}},"spec":{"containers":[{"name":"main","image":"box:1"}],
              "tolerations":[{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":60}]}}}}
            """);
        await cluster.SettleAsync();
        var spread = cluster.Pods("rs").Select(pod => pod.NodeName).Order().ToList();

        cluster.Kubelet.StoppedNodes["lost"] = true;
        for (var i = 0; i < 6; i++)
        {
            await cluster.AdvanceAsync(10);
            Beat("good");
        }
        var node = cluster.Find("nodes", "lost")!;
        var unready = cluster.Pods("rs").Single(pod => pod.NodeName == "lost").IsReady();
        for (var i = 0; i < 7; i++)
        {
            await cluster.AdvanceAsync(10);
            Beat("good");
        }

        Assert.Multiple(() =>
        {
            Assert.That(spread, Is.EqualTo(new[] { "good", "lost" }));
            Assert.That(node.Condition("Ready").At("status").Text(), Is.EqualTo("Unknown"));
            Assert.That(node.Condition("Ready").At("message").Text(), Is.EqualTo("Kubelet stopped posting node status."));
            Assert.That(node.Spec.At("taints").Items().Select(taint => $"{taint.At("key").Text()}:{taint.At("effect").Text()}"), Is.EqualTo(new[] { "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute" }));
            Assert.That(unready, Is.False);
            Assert.That(cluster.Pods("rs").Count(pod => pod.NodeName == "good" && pod.IsReady()), Is.EqualTo(2));
            Assert.That(cluster.Pods("rs").Single(pod => pod.NodeName == "lost").IsDeleting, Is.True);
        });
    }

    [Test]
    public async Task An_autoscaler_follows_the_metrics_it_is_given_and_shrinks_only_after_its_window()
    {
        var metrics = new GivenMetrics { MilliCpu = 200 };
        await using var cluster = await TestCluster.StartAsync(options: new ControllerOptions { PodMetrics = metrics, NodeMonitorGracePeriod = TimeSpan.FromDays(1000) });
        cluster.Create(TestCluster.Deployment("web", 2).Replace("\"image\":\"box:1\"", "\"image\":\"box:1\",\"resources\":{\"requests\":{\"cpu\":\"100m\"} }"));
        cluster.Create("""
            {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web"},"spec":{"minReplicas":1,"maxReplicas":8,
             "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
             "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":100}}}]}}
            """);
        await cluster.AdvanceAsync(20);
        var grown = cluster.Pods("web").Count;
        metrics.MilliCpu = 10;
        await cluster.AdvanceAsync(120);
        var held = cluster.Pods("web").Count;
        await cluster.AdvanceAsync(400);

        Assert.Multiple(() =>
        {
            Assert.That(grown, Is.EqualTo(4).Or.EqualTo(8));
            Assert.That(held, Is.GreaterThanOrEqualTo(4));
            Assert.That(cluster.Pods("web"), Has.Count.EqualTo(1));
            Assert.That(cluster.Events("HorizontalPodAutoscaler", "web"), Has.Some.EqualTo("Normal SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target (horizontal-pod-autoscaler)"));
        });
    }

    [Test]
    public async Task An_autoscaler_without_metrics_says_so_and_changes_nothing()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 3));
        cluster.Create("""
            {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web"},"spec":{"minReplicas":1,"maxReplicas":5,
             "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
             "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]}}
            """);
        await cluster.AdvanceAsync(40);

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Pods("web"), Has.Count.EqualTo(3));
            Assert.That(cluster.Events("HorizontalPodAutoscaler", "web"), Is.EquivalentTo(new[]
            {
                "Warning FailedGetResourceMetric: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io) (horizontal-pod-autoscaler)",
                "Warning FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io) (horizontal-pod-autoscaler)",
            }));
        });
    }

    [Test]
    public async Task A_claim_without_a_class_in_a_cluster_without_a_default_stays_pending()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Delete("storageclasses", "storage.k8s.io", "standard");
        cluster.Create("""{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}""");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("persistentvolumeclaims", "data")!.Status.At("phase").Text(), Is.EqualTo("Pending"));
            Assert.That(cluster.Events("PersistentVolumeClaim", "data"), Is.EqualTo(new[] { "Normal FailedBinding: no persistent volumes available for this claim and no storage class is set (persistentvolume-controller)" }));
        });
    }

    private static void Evict(TestCluster cluster, string pod) => cluster.Admin.CreateSubresource(
        cluster.Resource("pods"), new ObjectKey("default", pod), "eviction",
        (JsonObject)JsonNode.Parse($$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{pod}}","namespace":"default"} }""")!);

    private static List<string> Endpoints(TestCluster cluster) => [.. cluster.List("endpointslices", "discovery.k8s.io")
        .SelectMany(slice => slice.Root.At("endpoints").Items())
        .Select(one => string.Join(' ', one.At("conditions").Fields().Where(field => field.Value.Flag(false)).Select(field => field.Name)))];

    private sealed class GivenMetrics : IPodMetrics
    {
        public long MilliCpu { get; set; }

        public bool Exist => true;

        public Quantity? Usage(Document pod, string resource, string? container) => Quantity.OfMilli(MilliCpu);
    }
}
