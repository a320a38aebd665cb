using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.Admission.Quota;
using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Quota;

/// <summary>
/// Tells in each ResourceQuota's status what is allowed and what is used (<c>pkg/controller/resourcequota</c>). People read it; admission
/// counts for itself. Built-in kinds are watched as quotas name them; nothing polls.
/// </summary>
internal sealed class ResourceQuotaController : Controller
{
    /// <summary>The service account it runs under.</summary>
    public const string Account = "resourcequota-controller";

    private static readonly GroupResource ResourceQuotas = new("", "resourcequotas");
    private readonly ResourceType _quotas;
    private readonly QuotaUsage _usage;
    private readonly HashSet<GroupResource> _watched = [];
    private readonly Lock _watching = new();

    /// <inheritdoc cref="ResourceQuotaController"/>
    public ResourceQuotaController(ControllerContext context)
        : base(context)
    {
        _quotas = Client.Resource("resourcequotas");
        _usage = new QuotaUsage(Client.Server.Store);
        Context.Informers.Handle(_quotas, change =>
        {
            if (change.Change == StoreChange.Deleted)
                return;
            foreach (var field in change.Document.Spec.At("hard").Fields())
                Watch(QuotaUsage.CountedIn(field.Name));
            Queue.Add(change.Document.Key);
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Client.Snapshot(_quotas).Find(key) is not { } quota)
            return null;
        var hard = PodResources.Read(quota.Spec.At("hard"));
        var used = _usage.Used(quota);
        var status = new JsonObject { ["hard"] = Told(hard), ["used"] = Told(used) };
        if (!JsonNode.DeepEquals(status, quota.Status.ToNode()))
            Client.Change(_quotas, key, @object =>
            {
                @object["status"] = status.DeepClone();
                return true;
            }, "status");
        return null;
    }

    private void Watch(GroupResource resource)
    {
        if (Client.Server.Catalog.Stored(resource) is not { Namespaced: true } type || resource == ResourceQuotas)
            return;
        lock (_watching)
            if (!_watched.Add(resource))
                return;
        Context.Informers.Handle(type, change =>
        {
            foreach (var quota in Client.Server.Store.Current(ResourceQuotas).All(change.Document.Namespace))
                Queue.Add(quota.Key);
        });
    }

    private static JsonObject Told(Dictionary<string, Quantity> quantities) => new(
        quantities.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value.ToString())));
}
