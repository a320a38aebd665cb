using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Validation;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClusterSim.Tests.Network;

/// <summary>An API server over a test network's store that knows no rules and allows everything: enough for controllers to work with.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    private readonly Informers _informers;

    public TestApi(TestNetwork net)
    {
        var catalog = new ResourceCatalog();
        var random = new Randomness(1);
        var server = new ApiServer(net.Store, catalog, kind => new Plain(kind), new AllowAll(), new NoFields(), new NoSelectors(), TimeProvider.System, random);
        var client = new ApiClient(server, UserInfo.ApiServer, "test");
        _informers = new Informers(server, net.Quiescence);
        Context = new ControllerContext(
            client, _informers, new EventRecorder(client, "test", null, TimeProvider.System), TimeProvider.System, random, net.Quiescence, NullLogger.Instance);
    }

    public ControllerContext Context { get; }

    public void Start() => _informers.Start();

    public ValueTask DisposeAsync() => _informers.DisposeAsync();

    private sealed class Plain(GroupVersionKind kind) : KindStrategy
    {
        public override GroupVersionKind Kind => kind;

        public override IReadOnlyList<string> StatusFields => ["status"];
    }

    private sealed class AllowAll : IAuthorizer
    {
        public bool IsAllowed(in AccessAttributes attributes, out string reason)
        {
            reason = "";
            return true;
        }
    }

    private sealed class NoFields : IFieldManager
    {
        public void RecordUpdate(JsonObject updated, JsonElement before, string manager, string? subresource, DateTimeOffset now)
        {
            // These tests do not look at managed fields.
        }

        public JsonObject Apply(JsonElement live, JsonObject configuration, string manager, string? subresource, bool force, DateTimeOffset now) =>
            throw new NotSupportedException();

        public JsonObject Patch(JsonElement live, PatchType type, ReadOnlyMemory<byte> patch, GroupVersionKind kind) => throw new NotSupportedException();
    }

    private sealed class NoSelectors : ISelectors
    {
        public Func<Document, bool>? Predicate(ListOptions options, KindStrategy strategy, GroupVersion version) => null;
    }
}
