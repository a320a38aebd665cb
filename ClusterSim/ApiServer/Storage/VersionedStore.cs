using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace ClusterSim.Storage;

/// <summary>
/// The cluster's memory, in the place of etcd: documents under a resource, a namespace and a name, with one revision counter for all.
/// Every write takes the next revision, is compared against the revision its writer had seen, and is told to the resource's watchers in
/// order. Reads take no lock.
/// </summary>
internal sealed class VersionedStore
{
    /// <summary>How many changes of one resource are held for watchers.</summary>
    public const int WatchLogCapacity = 8192;

    /// <summary>How many bytes of them, where there are more than <see cref="WatchLogLeast"/>.</summary>
    public const int WatchLogBytes = 16 << 20;

    /// <summary>How many are held however large the objects are.</summary>
    public const int WatchLogLeast = 1024;

    private const int SnapshotsKeptMax = 64;

    // etcd's --max-request-bytes.
    private const int RequestBytesMax = 1536 * 1024;

    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<GroupResource, Table> _tables = new();
    private readonly LinkedList<(GroupResource Resource, long Revision, StoreSnapshot Snapshot)> _keptSnapshots = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision = 1;
    private long _compacted;

    /// <summary>The revision of the newest write, of any resource.</summary>
    public long Revision => Interlocked.Read(ref _revision);

    /// <summary>The object; null where there is none.</summary>
    public Document? Find(GroupResource resource, ObjectKey key) => TableOf(resource).Current.Find(key);

    /// <summary>All objects of a resource as they are now, with the store's revision at which this held.</summary>
    public (StoreSnapshot Snapshot, long Revision) Snapshot(GroupResource resource)
    {
        var table = TableOf(resource);
        lock (_writing)
            return (table.Current, _revision);
    }

    /// <summary>The revision of the newest write of one resource; 0 before any.</summary>
    public long LatestOf(GroupResource resource) => TableOf(resource).Latest;

    /// <summary>All objects of a resource as they are now.</summary>
    public StoreSnapshot Current(GroupResource resource) => TableOf(resource).Current;

    /// <summary>Stores a new object. Its resourceVersion is set to the revision of this write.</summary>
    /// <exception cref="StoreConflictException">An object of that name is there.</exception>
    public Document Create(GroupResource resource, ObjectKey key, JsonObject @object)
    {
        var table = TableOf(resource);
        lock (_writing)
        {
            if (table.Current.Find(key) is { } present)
                throw new StoreConflictException(present);
            var document = Document.From(resource, @object, _revision + 1);
            Commit(table, new StoreEvent(StoreChange.Added, document, null));
            return document;
        }
    }

    /// <summary>Replaces an object, if it is still the one the writer saw.</summary>
    /// <exception cref="StoreConflictException">It changed, or is gone.</exception>
    public Document Update(Document seen, JsonObject @object)
    {
        var table = TableOf(seen.Resource);
        lock (_writing)
        {
            ThrowUnlessCurrent(table, seen);
            var document = Document.From(seen.Resource, @object, _revision + 1);
            Commit(table, new StoreEvent(StoreChange.Modified, document, seen));
            return document;
        }
    }

    /// <summary>Removes an object, if it is still the one the writer saw; returns its last state under the deleting revision.</summary>
    /// <exception cref="StoreConflictException">It changed, or is gone.</exception>
    public Document Delete(Document seen)
    {
        var table = TableOf(seen.Resource);
        lock (_writing)
        {
            ThrowUnlessCurrent(table, seen);
            var last = Document.From(seen.Resource, seen.ToObject(), _revision + 1);
            Commit(table, new StoreEvent(StoreChange.Deleted, last, seen));
            return last;
        }
    }

    /// <summary>A reader of the changes after <paramref name="revision"/>.</summary>
    /// <exception cref="WatchExpiredException">They are no longer held.</exception>
    public WatchCursor Watch(GroupResource resource, long revision)
    {
        var log = TableOf(resource).Log;
        return revision >= Interlocked.Read(ref _compacted) && log.TrySeek(revision, out var position) ? new WatchCursor(log, position) : throw new WatchExpiredException();
    }

    /// <summary>All objects of a resource as they were at <paramref name="revision"/>; null where the changes since then are no longer held.</summary>
    public StoreSnapshot? At(GroupResource resource, long revision)
    {
        if (Kept(resource, revision) is { } kept)
            return kept;
        try
        {
            // Where it all is now, each object that changed since put back to what it was before its first change since.
            StoreSnapshot snapshot;
            WatchCursor cursor;
            lock (_writing)
            {
                snapshot = TableOf(resource).Current;
                cursor = Watch(resource, revision);
            }
            var seen = new HashSet<ObjectKey>();
            while (cursor.TryRead(out _) is { IsEmpty: false } changes)
                foreach (var change in changes.Span)
                    if (seen.Add(change.Document.Key))
                        snapshot = change.Previous is { } before ? snapshot.With(before) : snapshot.Without(change.Document.Key);
            return snapshot;
        }
        catch (WatchExpiredException)
        {
            return null;
        }
    }

    /// <summary>Forgets how it came to the present: nobody can watch from before it, as after etcd's compaction.</summary>
    public void Compact() => Interlocked.Exchange(ref _compacted, Revision);

    /// <summary>Completes when anything was written after <paramref name="revision"/>.</summary>
    public Task ChangedAsync(long revision)
    {
        lock (_writing)
            return _revision > revision ? Task.CompletedTask : _changed.Task;
    }

    /// <summary>Keeps a snapshot for the following pages of a list. The oldest of those kept is let go.</summary>
    public void Keep(GroupResource resource, long revision, StoreSnapshot snapshot)
    {
        lock (_keptSnapshots)
        {
            if (_keptSnapshots.Any(kept => kept.Resource == resource && kept.Revision == revision))
                return;
            _keptSnapshots.AddLast((resource, revision, snapshot));
            if (_keptSnapshots.Count > SnapshotsKeptMax)
                _keptSnapshots.RemoveFirst();
        }
    }

    /// <summary>A snapshot kept earlier; null when it was let go (the list then answers 410).</summary>
    public StoreSnapshot? Kept(GroupResource resource, long revision)
    {
        lock (_keptSnapshots)
            return _keptSnapshots.FirstOrDefault(kept => kept.Resource == resource && kept.Revision == revision).Snapshot;
    }

    private Table TableOf(GroupResource resource) => _tables.GetOrAdd(resource, static _ => new Table());

    private static void ThrowUnlessCurrent(Table table, Document seen)
    {
        var current = table.Current.Find(seen.Key);
        if (current is null || current.Revision != seen.Revision)
            throw new StoreConflictException(current);
    }

    private void Commit(Table table, StoreEvent change)
    {
        if (change.Document.Utf8.Length > RequestBytesMax && change.Change != StoreChange.Deleted)
            throw new KubernetesApiException(500, null, "etcdserver: request is too large");
        table.Current = change.Change == StoreChange.Deleted ? table.Current.Without(change.Document.Key) : table.Current.With(change.Document);
        Interlocked.Exchange(ref _revision, change.Document.Revision);
        table.Latest = change.Document.Revision;
        table.Log.Append(change);
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    private sealed class Table
    {
        private StoreSnapshot _current = StoreSnapshot.Empty;
        private long _latest;

        public WatchLog Log { get; } = new(WatchLogCapacity, WatchLogBytes, WatchLogLeast);

        public long Latest
        {
            get => Interlocked.Read(ref _latest);
            set => Interlocked.Exchange(ref _latest, value);
        }

        public StoreSnapshot Current
        {
            get => Volatile.Read(ref _current);
            set => Volatile.Write(ref _current, value);
        }
    }
}

/// <summary>The object is not what the writer had seen.</summary>
internal sealed class StoreConflictException(Document? current) : Exception("the object has been modified")
{
    /// <summary>What is there now; null when nothing is.</summary>
    public Document? Current { get; } = current;
}
