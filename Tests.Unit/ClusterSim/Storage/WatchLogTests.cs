using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Storage;

/// <summary>What the store holds of the past, and what it lets go.</summary>
internal sealed class WatchLogTests
{
    private static readonly GroupResource Pods = new("", "pods");

    [Test]
    public void The_oldest_changes_go_when_there_are_too_many()
    {
        var store = new VersionedStore();
        var first = Write(store, null, 1);
        var last = first;
        for (var i = 0; i < VersionedStore.WatchLogCapacity; i++)
            last = Write(store, last, 1);

        Assert.That(() => store.Watch(Pods, first.Revision - 1), Throws.TypeOf<WatchExpiredException>());
        Assert.That(Read(store.Watch(Pods, first.Revision)), Has.Count.EqualTo(VersionedStore.WatchLogCapacity));
    }

    [Test]
    public void Of_large_objects_fewer_changes_are_held_but_never_too_few_for_a_reader_that_keeps_up()
    {
        var store = new VersionedStore();
        var last = Write(store, null, 1);
        var wide = VersionedStore.WatchLogBytes / VersionedStore.WatchLogLeast * 4;
        for (var i = 0; i < VersionedStore.WatchLogLeast * 2; i++)
            last = Write(store, last, wide);

        var held = Read(store.Watch(Pods, last.Revision - VersionedStore.WatchLogLeast));
        Assert.That(held.Select(change => change.Document.Revision), Is.EqualTo(Enumerable.Range((int)last.Revision - VersionedStore.WatchLogLeast + 1, VersionedStore.WatchLogLeast)));
        Assert.That(() => store.Watch(Pods, last.Revision - VersionedStore.WatchLogLeast - 1), Throws.TypeOf<WatchExpiredException>());
    }

    private static Document Write(VersionedStore store, Document? seen, int bytes) =>
        seen is null ? store.Create(Pods, new ObjectKey("default", "main"), Pod("main", bytes)) : store.Update(seen, Pod("main", bytes));

    private static JsonObject Pod(string name, int bytes) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["annotations"] = new JsonObject { ["wide"] = new string('x', bytes) } },
    };

    private static List<StoreEvent> Read(WatchCursor cursor)
    {
        var all = new List<StoreEvent>();
        while (cursor.TryRead(out _) is { IsEmpty: false } changes)
            all.AddRange(changes.Span);
        return all;
    }
}
