using System.Collections.Concurrent;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

/// <summary>Informers that are slower than what happens.</summary>
internal sealed class InformersTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task One_that_falls_behind_while_it_tells_what_is_there_tells_all_that_came_since()
    {
        await using var cluster = await TestCluster.StartAsync();
        var maps = cluster.Resource("configmaps");
        cluster.Create("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"first"}}""");
        using var goOn = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var told = new ConcurrentDictionary<string, StoreChange>(StringComparer.Ordinal);
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var informers = new Informers(cluster.Server, new Quiescence());
        informers.Handle(maps, change =>
        {
            begun.Set();
            goOn.Wait(Limit);
            told[change.Document.Name] = change.Change;
            if (change.Document.Name == "last")
                last.TrySetResult();
        });
        informers.Start();
        Assert.That(begun.Wait(Limit), Is.True);

        var seen = cluster.Server.Store.Current(maps.GroupResource).Find(new ObjectKey("default", "first"))!;
        for (var i = 0; i <= VersionedStore.WatchLogCapacity; i++)
            seen = cluster.Server.Store.Update(seen, seen.ToObject());
        cluster.Server.Store.Delete(seen);
        goOn.Set();
        cluster.Create("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"last"}}""");

        await last.Task.WaitAsync(Limit);
        Assert.That(told["first"], Is.EqualTo(StoreChange.Deleted));
    }
}
