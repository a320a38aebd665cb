using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Admission;
using ClusterSim.Client;
using ClusterSim.Controllers.Quota;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Tests.Access;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClusterSim.Tests.Admission;

internal sealed class AdmissionTests
{
    private const string Pod = """{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":"i"}]}}""";

    [Test]
    public void Nothing_is_made_in_a_namespace_that_is_absent_or_ending()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("ending");
        cluster.Admin.Delete(AccessCluster.Resource("namespaces"), new(null, "ending"));

        var absent = Assert.Throws<KubernetesApiException>(() => cluster.Create(Pod, "absent", "p"));
        var ending = Assert.Throws<KubernetesApiException>(() => cluster.Create(Pod, "ending", "p"));

        Assert.That(absent!.Told, Is.EqualTo("namespaces \"absent\" not found"));
        Assert.That(ending!.Told, Is.EqualTo("pods \"p\" is forbidden: unable to create new content in namespace ending because it is being terminated"));
        Assert.That(ending.Details!["causes"]![0]!["reason"]!.GetValue<string>(), Is.EqualTo("NamespaceTerminating"));
    }

    [Test]
    public void The_systems_namespaces_stay()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("default");

        Assert.That(() => cluster.Admin.Delete(AccessCluster.Resource("namespaces"), new(null, "default")),
            Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo("namespaces \"default\" is forbidden: this namespace may not be deleted"));
    }

    [Test]
    public void A_pod_may_decline_its_token_and_takes_its_accounts_pull_secrets()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"v1","kind":"ServiceAccount","automountServiceAccountToken":false,"imagePullSecrets":[{"name":"registry"}]}""", "web", "quiet");

        var pod = cluster.Create("""{"apiVersion":"v1","kind":"Pod","spec":{"serviceAccountName":"quiet","containers":[{"name":"c","image":"i"}]}}""", "web", "p");

        Assert.That(pod.Spec.At("volumes").Exists(), Is.False);
        Assert.That(pod.Spec.At("imagePullSecrets").Items().Single().At("name").Text(), Is.EqualTo("registry"));
    }

    [Test]
    public void Limits_are_filled_in_and_held()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""
            {"apiVersion":"v1","kind":"LimitRange","spec":{"limits":[
              {"type":"Container","default":{"cpu":"200m","memory":"64Mi"},"defaultRequest":{"cpu":"100m","memory":"32Mi"},"max":{"memory":"128Mi"},"min":{"memory":"16Mi"},"maxLimitRequestRatio":{"memory":"4"}},
              {"type":"Pod","max":{"cpu":"1"}}]}}
            """, "web", "l");

        var filled = cluster.Create(Pod, "web", "p");
        Assert.That(filled.Spec.At("containers")[0].At("resources").GetRawText(), Is.EqualTo(
            """{"requests":{"cpu":"100m","memory":"32Mi"},"limits":{"cpu":"200m","memory":"64Mi"}}"""));
        Assert.That(filled.Metadata.At("annotations", "kubernetes.io/limit-ranger").Text(), Is.EqualTo(
            "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c"));

        Assert.Multiple(() =>
        {
            Refused("""{"requests":{"memory":"8Mi"},"limits":{"memory":"32Mi"}}""", "minimum memory usage per Container is 16Mi, but request is 8Mi");
            Refused("""{"requests":{"memory":"16Mi"},"limits":{"memory":"128Mi"}}""", "memory max limit to request ratio per Container is 4, but provided ratio is 8.000000");
            Refused("""{"limits":{"cpu":"2"}}""", "maximum cpu usage per Pod is 1, but limit is 2");
        });

        void Refused(string resources, string why) => Assert.That(
            () => cluster.Create($$$"""{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":"i","resources":{{{resources}}}}]}}""", "web", "q"),
            Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo($"pods \"q\" is forbidden: {why}"));
    }

    [Test]
    public void The_last_place_of_a_quota_is_given_once_however_many_ask_at_once()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"v1","kind":"ResourceQuota","spec":{"hard":{"pods":"5"}}}""", "web", "q");
        var refused = 0;

        Parallel.For(0, 40, i =>
        {
            try
            {
                cluster.Create(Pod, "web", $"p{i}");
            }
            catch (KubernetesApiException over) when (over.Told!.Contains("exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref refused);
            }
        });

        Assert.That(cluster.Store.Current(new("", "pods")).CountIn("web"), Is.EqualTo(5));
        Assert.That(refused, Is.EqualTo(35));
    }

    [Test]
    public void Quotas_count_what_pods_claims_and_services_take()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""
            {"apiVersion":"v1","kind":"ResourceQuota","spec":{"hard":{"limits.memory":"100Mi","requests.storage":"2Gi","services.nodeports":"1","count/deployments.apps":"1"}}}
            """, "web", "q");

        Assert.Multiple(() =>
        {
            Refused(Pod, "failed quota: q: must specify limits.memory for: c");
            Refused("""{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"memory":"101Mi"}}}]}}""",
                "exceeded quota: q, requested: limits.memory=101Mi, used: limits.memory=0, limited: limits.memory=100Mi");
            Refused("""{"apiVersion":"v1","kind":"PersistentVolumeClaim","spec":{"resources":{"requests":{"storage":"3Gi"}}}}""",
                "exceeded quota: q, requested: requests.storage=3Gi, used: requests.storage=0, limited: requests.storage=2Gi");
            Refused("""{"apiVersion":"v1","kind":"Service","spec":{"type":"NodePort","ports":[{"port":80},{"port":81}]}}""",
                "exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1");
        });
        cluster.Create("""{"apiVersion":"apps/v1","kind":"Deployment","spec":{}}""", "web", "one");
        Refused("""{"apiVersion":"apps/v1","kind":"Deployment","spec":{}}""",
            "exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1");

        void Refused(string json, string why) => Assert.That(
            () => cluster.Create(json, "web", "x"), Throws.TypeOf<KubernetesApiException>().With.Message.EndsWith($"\"x\" is forbidden: {why}"));
    }

    [Test]
    public async Task A_quotas_status_tells_what_is_used()
    {
        using var cluster = new AccessCluster();
        var quiescence = new Quiescence();
        await using var informers = new Informers(cluster.Server, quiescence);
        await using var controller = new ResourceQuotaController(new ControllerContext(
            cluster.As(UserInfo.Controller(ResourceQuotaController.Account)), informers, new EventRecorder(cluster.Admin, "test", null, cluster.Clock),
            cluster.Clock, new Randomness(1), quiescence, NullLogger.Instance));
        informers.Start();
        controller.Start();
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"v1","kind":"ResourceQuota","spec":{"hard":{"pods":"5","requests.memory":"1Gi"}}}""", "web", "q");

        cluster.Create("""{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"memory":"64Mi"}}}]}}""", "web", "p");

        Assert.That(
            () => cluster.Store.Find(new("", "resourcequotas"), new("web", "q"))!.Status is { ValueKind: JsonValueKind.Object } status ? status.GetRawText() : "",
            Is.EqualTo("""{"hard":{"pods":"5","requests.memory":"1Gi"},"used":{"pods":"1","requests.memory":"64Mi"}}""").After(10_000, 10));
    }

    [Test]
    public void A_scoped_quota_counts_only_the_pods_of_its_scope()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"v1","kind":"ResourceQuota","spec":{"hard":{"pods":"0"},"scopes":["BestEffort"]}}""", "web", "q");

        Assert.That(() => cluster.Create(Pod, "web", "besteffort"), Throws.TypeOf<KubernetesApiException>());
        Assert.That(() => cluster.Create(
            """{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"1m"}}}]}}""", "web", "burstable"), Throws.Nothing);
    }

    [Test]
    public void A_priority_class_gives_its_value_and_only_its_value()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","value":7,"globalDefault":true,"preemptionPolicy":"Never"}""", null, "calm");

        var given = cluster.Create(Pod, "web", "p");
        Assert.That((given.Spec.At("priority").Integer(), given.Spec.At("priorityClassName").Text(), given.Spec.At("preemptionPolicy").Text()), Is.EqualTo((7L, "calm", "Never")));
        Assert.That(
            () => cluster.Create("""{"apiVersion":"v1","kind":"Pod","spec":{"priority":9,"priorityClassName":"system-node-critical","containers":[{"name":"c","image":"i"}]}}""", "web", "q"),
            Throws.TypeOf<KubernetesApiException>().With.Message.Contains("the integer value of priority (9) must not be provided in pod spec; priority admission controller computed 2000001000"));
        Assert.That(() => cluster.Create("""{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","value":8,"globalDefault":true}""", null, "second"),
            Throws.TypeOf<KubernetesApiException>().With.Message.Contains("PriorityClass calm is already marked as default"));
    }

    [Test]
    public void Defaults_are_found_among_classes()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","provisioner":"p","metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}""", null, "local");
        cluster.Create("""{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","spec":{"controller":"c"},"metadata":{"annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}}}""", null, "front");

        var claim = cluster.Create("""{"apiVersion":"v1","kind":"PersistentVolumeClaim","spec":{"resources":{"requests":{"storage":"1Gi"}}}}""", "web", "data");
        var ingress = cluster.Create("""{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","spec":{}}""", "web", "in");

        Assert.That(claim.Spec.At("storageClassName").Text(), Is.EqualTo("local"));
        Assert.That(claim.Metadata.At("finalizers").Items().Single().Text(), Is.EqualTo("kubernetes.io/pvc-protection"));
        Assert.That(ingress.Spec.At("ingressClassName").Text(), Is.EqualTo("front"));
    }

    [Test]
    public void A_kubelet_writes_its_own_node_and_pods_and_no_others()
    {
        using var cluster = new AccessCluster(new AdmissionOptions { TaintNodesByCondition = false });
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"v1","kind":"Node","spec":{}}""", null, "n1");
        cluster.Create("""{"apiVersion":"v1","kind":"Pod","spec":{"nodeName":"n2","containers":[{"name":"c","image":"i"}]}}""", "web", "p");
        var (nodes, pods) = (AccessCluster.Resource("nodes"), AccessCluster.Resource("pods"));

        Assert.That(() => Touch("n1", nodes, new(null, "n1")), Throws.Nothing);
        Assert.That(() => Touch("n2", nodes, new(null, "n1")), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "nodes \"n1\" is forbidden: node \"n2\" is not allowed to modify node \"n1\""));
        Assert.That(() => Touch("n2", pods, new("web", "p")), Throws.Nothing);
        Assert.That(() => Touch("n1", pods, new("web", "p")), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "pods \"p\" is forbidden: node \"n1\" can only update pod status for pods with spec.nodeName set to itself"));

        void Touch(string node, ResourceType resource, ObjectKey key) => cluster.As(UserInfo.Node(node)).Change(resource, key, @object =>
        {
            @object["status"] = new JsonObject { ["touched"] = node };
            return true;
        }, "status");
    }
}
