using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

/// <summary>The claims of a StatefulSet's members: who owns them, when they go, and what waits until they have (docs/conformance.md).</summary>
public sealed class StatefulSetClaimTests
{
    [TestCase("Retain", "Retain", 3, 3)]
    [TestCase("Retain", "Delete", 1, 1)]
    [TestCase("Delete", "Retain", 3, 0)]
    [TestCase("Delete", "Delete", 1, 0)]
    public async Task Claims_go_with_their_set_or_with_scaling_as_its_policy_says(string deleted, string scaled, int afterScaling, int afterDeletion)
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.StatefulSet(deleted, scaled));
        await cluster.AdvanceAsync(5);
        var owners = cluster.List("persistentvolumeclaims").Select(claim => OwnerReferences.ControllerOf(claim)?.Kind).ToList();
        Assert.That(owners, Is.EqualTo(Enumerable.Repeat(deleted == "Delete" ? "StatefulSet" : null, 3)));

        cluster.Patch("statefulsets", "apps", "db", """{"spec":{"replicas":1}}""");
        await cluster.AdvanceAsync(30);
        var scaledDown = cluster.List("persistentvolumeclaims").Count;
        cluster.Delete("statefulsets", "apps", "db");
        await cluster.AdvanceAsync(30);

        Assert.Multiple(() =>
        {
            Assert.That(scaledDown, Is.EqualTo(afterScaling));
            Assert.That(cluster.Pods("db"), Is.Empty);
            Assert.That(cluster.List("persistentvolumeclaims"), Has.Count.EqualTo(afterDeletion));
        });
    }

    [Test]
    public async Task A_member_waits_for_the_claim_of_the_one_that_scaling_took_away_to_be_gone()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.StatefulSet("Retain", "Delete"));
        await cluster.AdvanceAsync(5);
        var before = cluster.Find("persistentvolumeclaims", "data-db-2")!.Uid;
        Hold(cluster, "data-db-2", """["example.com/backup"]""");
        cluster.Patch("statefulsets", "apps", "db", """{"spec":{"replicas":2}}""");
        await cluster.AdvanceAsync(10);

        cluster.Patch("statefulsets", "apps", "db", """{"spec":{"replicas":3}}""");
        await cluster.AdvanceAsync(60);
        var meanwhile = cluster.Pods("db").Count;
        Hold(cluster, "data-db-2", "null");
        await cluster.AdvanceAsync(10);

        Assert.Multiple(() =>
        {
            Assert.That(meanwhile, Is.EqualTo(2));
            Assert.That(cluster.Pods("db").Select(pod => pod.IsReady()), Is.EqualTo(new[] { true, true, true }));
            Assert.That(cluster.Find("persistentvolumeclaims", "data-db-2")!.Uid, Is.Not.EqualTo(before));
        });
    }

    [Test]
    public async Task A_member_whose_claim_somebody_deletes_is_not_made_before_it_is_gone()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.StatefulSet("Retain", "Retain"));
        await cluster.AdvanceAsync(5);
        Hold(cluster, "data-db-1", """["example.com/backup"]""");
        cluster.Delete("persistentvolumeclaims", "", "data-db-1");

        cluster.Delete("pods", "", "db-1");
        await cluster.AdvanceAsync(60);
        var meanwhile = cluster.Pods("db").Select(pod => pod.Name).ToList();
        Hold(cluster, "data-db-1", "null");
        await cluster.AdvanceAsync(10);

        Assert.Multiple(() =>
        {
            Assert.That(meanwhile, Is.EqualTo(new[] { "db-0", "db-2" }));
            Assert.That(cluster.Events("StatefulSet", "db"), Does.Contain("Warning FailedCreate: Create Pod db-1 in StatefulSet db failed error: pvc data-db-1 is being deleted (statefulset-controller)"));
            Assert.That(cluster.Pods("db").Select(pod => pod.IsReady()), Is.EqualTo(new[] { true, true, true }));
        });
    }

    private static void Hold(TestCluster cluster, string claim, string finalizers) =>
        cluster.Patch("persistentvolumeclaims", "", claim, $$"""{"metadata":{"finalizers":{{finalizers}}} }""");

    [Test]
    public async Task A_claim_that_another_controller_owns_is_not_taken_over()
    {
        await using var cluster = await TestCluster.StartAsync();
        var other = cluster.Create("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"other"}}""");
        cluster.Create(TestCluster.StatefulSet("Retain", "Retain"));
        await cluster.AdvanceAsync(5);
        cluster.Patch("persistentvolumeclaims", "", "data-db-2", $$"""{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"other","uid":"{{other.Uid}}","controller":true}]} }""");

        cluster.Patch("statefulsets", "apps", "db", """{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Delete","whenScaled":"Delete"} } }""");
        await cluster.AdvanceAsync(5);
        var owners = cluster.List("persistentvolumeclaims").Select(claim => OwnerReferences.ControllerOf(claim)?.Kind).ToList();
        cluster.Patch("statefulsets", "apps", "db", """{"spec":{"replicas":1}}""");
        await cluster.AdvanceAsync(30);

        Assert.Multiple(() =>
        {
            Assert.That(owners, Is.EqualTo(new[] { "StatefulSet", "StatefulSet", "ConfigMap" }));
            Assert.That(cluster.List("persistentvolumeclaims").Select(claim => claim.Name), Is.EqualTo(new[] { "data-db-0", "data-db-2" }));
        });
    }
}
