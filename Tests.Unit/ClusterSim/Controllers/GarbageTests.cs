using ClusterSim.Machinery;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

public sealed class GarbageTests
{
    [Test]
    public async Task Background_deletes_the_owner_at_once_and_then_all_that_depended_on_it()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 3));
        await cluster.SettleAsync();

        cluster.Delete("deployments", "apps", "web", "Background");
        var gone = cluster.Find("deployments", "web", "apps") is null;
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(gone, Is.True);
            Assert.That(cluster.List("replicasets", "apps"), Is.Empty);
            Assert.That(cluster.Pods("web"), Is.Empty);
        });
    }

    [Test]
    public async Task Foreground_keeps_the_owner_until_the_last_dependent_is_gone()
    {
        var order = new List<string>();
        void Note(StoreEvent change)
        {
            if (change.Change == StoreChange.Deleted)
                lock (order)
                    order.Add(change.Document.Resource.Resource);
        }
        await using var cluster = await TestCluster.StartAsync(prepare: one =>
        {
            one.Watch("pods", "", Note);
            one.Watch("replicasets", "apps", Note);
            one.Watch("deployments", "apps", Note);
        });
        cluster.Create(TestCluster.Deployment("web", 2));
        await cluster.SettleAsync();
        cluster.Kubelet.EndsAfter = TimeSpan.FromSeconds(5);

        cluster.Delete("deployments", "apps", "web", "Foreground");
        await cluster.AdvanceAsync(2);
        var waiting = cluster.Find("deployments", "web", "apps");
        await cluster.AdvanceAsync(5);

        Assert.Multiple(() =>
        {
            Assert.That(waiting?.IsDeleting, Is.True);
            Assert.That(order, Is.EqualTo(new[] { "pods", "pods", "replicasets", "deployments" }));
        });
    }

    [Test]
    public async Task Orphan_frees_the_dependents_and_they_stay()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 2));
        await cluster.SettleAsync();

        cluster.Delete("deployments", "apps", "web", "Orphan");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("deployments", "web", "apps"), Is.Null);
            Assert.That(cluster.List("replicasets", "apps").Single().Metadata.At("ownerReferences").Exists(), Is.False);
            Assert.That(cluster.Pods("web"), Has.Count.EqualTo(2));
        });
    }

    [Test]
    public async Task What_names_an_absent_owner_is_collected()
    {
        await using var cluster = await TestCluster.StartAsync();

        cluster.Create("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"lost","ownerReferences":[{"apiVersion":"v1","kind":"Secret","name":"no","uid":"00000000-0000-0000-0000-000000000000"}]}}""");
        await cluster.SettleAsync();

        Assert.That(cluster.Find("configmaps", "lost"), Is.Null);
    }

    [Test]
    public async Task A_namespace_has_its_account_and_certificate_and_empties_before_it_goes()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.CreateNamespace("shop");
        await cluster.SettleAsync();
        var account = cluster.Find("serviceaccounts", "default", @namespace: "shop");
        var certificate = cluster.Find("configmaps", "kube-root-ca.crt", @namespace: "shop");
        cluster.Create(TestCluster.Deployment("web", 2), "shop");
        await cluster.SettleAsync();
        cluster.Kubelet.EndsAfter = TimeSpan.FromSeconds(5);

        cluster.Delete("namespaces", "", "shop");
        await cluster.AdvanceAsync(1);
        var ending = cluster.Find("namespaces", "shop")!;
        await cluster.AdvanceAsync(10);

        Assert.Multiple(() =>
        {
            Assert.That(account, Is.Not.Null);
            Assert.That(certificate!.Root.At("data", "ca.crt").Text(), Is.EqualTo("PEM"));
            Assert.That(ending.Status.At("phase").Text(), Is.EqualTo("Terminating"));
            Assert.That(ending.Status.At("conditions").Items().Single(one => one.At("type").Text() == "NamespaceContentRemaining").At("message").Text(), Does.Contain("pods. has 2 resource instances"));
            Assert.That(cluster.Find("namespaces", "shop"), Is.Null);
            Assert.That(cluster.List("pods", @namespace: "shop"), Is.Empty);
        });
    }
}
