using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Admission;
using ClusterSim.Machinery;
using ClusterSim.Patching;
using ClusterSim.Registry.Subresources;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Tests.Access;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Api;

/// <summary>A write that another writer overtakes every time ends with 409 Conflict.</summary>
internal sealed class RetryOnConflictTests
{
    private static readonly WriteOptions Options = new() { FieldManager = "test" };

    private static IEnumerable<TestCaseData> Writes()
    {
        yield return Case("update", (cluster, target) => cluster.Server.Update(target, Deployment(3), Options));
        yield return Case("merge patch", (cluster, target) => cluster.Server.Patch(target, PatchType.Merge, """{"spec":{"replicas":3}}"""u8.ToArray(), Options));
        yield return Case("update scale", (cluster, target) => cluster.Server.Update(target with { Subresource = "scale" }, Scale(3), Options));
        yield return Case("merge patch scale", (cluster, target) => cluster.Server.Patch(target with { Subresource = "scale" }, PatchType.Merge, """{"spec":{"replicas":3}}"""u8.ToArray(), Options));
        yield return Case("apply scale", (cluster, target) => cluster.Server.Apply(target with { Subresource = "scale" }, Scale(3), Options with { Force = true }));
        yield return Case("read, change, update", (cluster, target) => cluster.Admin.Change(target.Resource, new("web", "d"), deployment => (deployment.Ensure("spec")["replicas"] = 3) is not null));

        static TestCaseData Case(string name, Action<AccessCluster, RequestTarget> write) => new TestCaseData(write).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Writes))]
    public void A_writer_that_always_loses_ends_with_a_conflict(Action<AccessCluster, RequestTarget> write)
    {
        using var cluster = new AccessCluster();
        WorkloadSubresources.Register(cluster.Server);
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":1}}""", "web", "d");
        var other = new FasterWriter(cluster.Store);
        cluster.Server.Add(other);
        var target = new RequestTarget(UserInfo.ApiServer, AccessCluster.Resource("deployments", "apps"), "web", "d");

        var conflict = Assert.Throws<KubernetesApiException>(() => write(cluster, target));

        Assert.That(conflict!.Code, Is.EqualTo(409));
        Assert.That(conflict.Reason, Is.EqualTo("Conflict"));
        Assert.That(conflict.Message, Does.EndWith("the object has been modified; please apply your changes to the latest version and try again"));
    }

    /// <summary>Writes the object between the moment an update reads it and the moment it stores it.</summary>
    private sealed class FasterWriter(VersionedStore store) : AdmissionPlugin
    {
        private const int WritesMax = 100;
        private int _writes;

        public override void Mutate(AdmissionRequest request)
        {
            if (request.Operation != Update)
                return;
            if (++_writes > WritesMax)
                throw new InvalidOperationException($"the update was tried more than {WritesMax} times");
            var live = store.Find(request.Target.Resource.Storage, new(request.Target.Namespace, request.Target.Name!))!;
            store.Update(live, live.ToObject());
        }
    }

    private static JsonObject Deployment(int replicas) => Object(
        ("apiVersion", "apps/v1"), ("kind", "Deployment"), ("metadata", Object(("name", "d"), ("namespace", "web"))), ("spec", Object(("replicas", replicas))));

    private static JsonObject Scale(int replicas) => Object(
        ("apiVersion", "autoscaling/v1"), ("kind", "Scale"), ("metadata", Object(("name", "d"), ("namespace", "web"))), ("spec", Object(("replicas", replicas))));
}
