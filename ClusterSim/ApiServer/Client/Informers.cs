using System.Collections.Concurrent;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Client;

/// <summary>
/// Tells handlers of every change of a resource, in order, starting with what is there. Unlike client-go's it holds no cache: readers ask
/// the store's current snapshot (<see cref="ApiClient.Snapshot"/>), which is never behind. One loop a resource, however many handlers.
/// Register every handler before starting.
/// </summary>
internal sealed class Informers(ApiServer server, Quiescence quiescence) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<GroupResource, Informer> _informers = new();
    private readonly ConcurrentBag<Informer> _ofCustom = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiServer _server = server;
    private bool _started;

    /// <summary>
    /// Calls <paramref name="handler"/> for every object that is there (as Added) and every change. Handlers must be quick and must not
    /// throw: they put keys into queues.
    /// </summary>
    public void Handle(ResourceType resource, Action<StoreEvent> handler)
    {
        var informer = _informers.GetOrAdd(resource.GroupResource, static (name, all) => new Informer(all._server, name, all._stop.Token), this);
        informer.Add(handler);
        if (_started)
            Start(informer);
    }

    /// <summary>
    /// Calls <paramref name="handler"/> for every object and change of every custom resource, in a loop of its own each, since they come while
    /// the cluster runs: those that come later too, from their first object on.
    /// </summary>
    public void HandleCustom(Action<StoreEvent> handler)
    {
        var followed = new HashSet<GroupResource>();
        _server.Catalog.CustomAdded += resource =>
        {
            lock (followed)
                if (!followed.Add(resource.GroupResource))
                    return;
            var informer = new Informer(_server, resource.GroupResource, _stop.Token);
            informer.Add(handler);
            _ofCustom.Add(informer);
            Start(informer);
        };
    }

    /// <summary>Starts to tell.</summary>
    public void Start()
    {
        _started = true;
        quiescence.ObserveWrites(() => _server.Store.Revision);
        foreach (var informer in _informers.Values)
            Start(informer);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_informers.Values.Concat(_ofCustom).Select(informer => informer.Stopped));
        _stop.Dispose();
    }

    private void Start(Informer informer)
    {
        if (informer.Start())
            quiescence.Register(() => informer.IsIdle);
    }

    private sealed class Informer(ApiServer server, GroupResource resource, CancellationToken stop)
    {
        private Action<StoreEvent>[] _handlers = [];
        private long _seen;
        private int _started;
        private Task _running = Task.CompletedTask;

        public Task Stopped => _running;

        public bool IsIdle => Interlocked.Read(ref _seen) >= server.Store.LatestOf(resource);

        public void Add(Action<StoreEvent> handler) => _handlers = [.. _handlers, handler];

        public bool Start()
        {
            if (Interlocked.Exchange(ref _started, 1) == 1)
                return false;
            using (ExecutionContext.SuppressFlow())
                _running = Task.Run(RunAsync, CancellationToken.None);
            return true;
        }

        private async Task RunAsync()
        {
            var known = new Dictionary<ObjectKey, Document>();
            try
            {
                while (!stop.IsCancellationRequested)
                {
                    try
                    {
                        // Telling of what is there may take long enough for the changes since to be let go: then it all begins again.
                        var (snapshot, revision) = server.Store.Snapshot(resource);
                        var cursor = server.Store.Watch(resource, revision);
                        Relist(known, snapshot);
                        Interlocked.Exchange(ref _seen, revision);
                        while (true)
                        {
                            var batch = await cursor.ReadAsync(stop);
                            for (var i = 0; i < batch.Length; i++)
                                Tell(known, batch.Span[i]);
                            Interlocked.Exchange(ref _seen, batch.Span[^1].Document.Revision);
                        }
                    }
                    catch (WatchExpiredException)
                    {
                        // Fell behind the log: list again, tell the difference.
                    }
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The cluster stops.
            }
        }

        private void Relist(Dictionary<ObjectKey, Document> known, StoreSnapshot snapshot)
        {
            foreach (var (key, document) in known.ToList())
                if (snapshot.Find(key)?.Uid != document.Uid)
                    Tell(known, new StoreEvent(StoreChange.Deleted, document, document));
            foreach (var document in snapshot.All())
            {
                if (!known.TryGetValue(document.Key, out var before))
                    Tell(known, new StoreEvent(StoreChange.Added, document, null));
                else if (before.Revision != document.Revision)
                    Tell(known, new StoreEvent(StoreChange.Modified, document, before));
            }
        }

        private void Tell(Dictionary<ObjectKey, Document> known, StoreEvent change)
        {
            if (change.Change == StoreChange.Deleted)
                known.Remove(change.Document.Key);
            else
                known[change.Document.Key] = change.Document;
            foreach (var handler in _handlers)
                handler(change);
        }
    }
}
