using System.Text.Json.Nodes;
using ClusterSim.CustomResources;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Subresources;

/// <summary>
/// <c>scale</c>, as <c>autoscaling/v1</c> Scale, of Deployments, ReplicaSets, StatefulSets and ReplicationControllers
/// (<c>pkg/registry/apps/deployment/storage/storage.go</c>, <c>ScaleREST</c>), and of custom resources where their definition says
/// (<c>apiextensions-apiserver/pkg/registry/customresource/etcd.go</c>).
/// </summary>
internal sealed class ScaleSubresource(ApiServer server) : ISubresource
{
    private const string Version = "autoscaling/v1";
    private static readonly GroupResource ReplicationControllers = new("", "replicationcontrollers");

    /// <inheritdoc/>
    public JsonObject Get(in RequestTarget target)
    {
        var paths = PathsOf(target);
        var live = server.Require(target);
        if (target.Resource.Custom is not null && !ScalePaths.At(View(target, live).Root, paths.Spec).Exists())
            throw KubernetesApiException.InternalError($"the spec replicas field {GoText.Quote("." + string.Join('.', paths.Spec))} does not exist");
        return ScaleOf(target, live);
    }

    /// <inheritdoc/>
    public WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var here = target;
        var paths = PathsOf(target);
        var metadata = body["metadata"] as JsonObject;
        var replicas = ValidReplicas(target, body) ?? 0;
        return server.GuaranteedUpdate(target, live =>
        {
            if (metadata.Text("resourceVersion") is { Length: > 0 } version && version != live.Metadata.At("resourceVersion").Text())
                throw KubernetesApiException.Modified(live.Resource, live.Name);
            if (metadata.Text("uid") is { Length: > 0 } uid && uid != live.Uid)
                throw KubernetesApiException.Conflict(live.Resource, live.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Uid}");
            var view = View(here, live);
            var @object = view.ToObject();
            Set(@object, paths.Spec, replicas);
            // The managed fields say subresource "scale", the rest of the object is an ordinary update's.
            if (options.FieldManager is { } manager)
                server.Fields.RecordUpdate(@object, view.Root, manager, "scale", server.Clock.GetUtcNow());
            return Replace(here, live, @object, options);
        });
    }

    /// <summary>
    /// Server-side apply of a Scale: what it says of the replicas is applied to the object itself, and owned there through subresource
    /// <c>scale</c> (<c>k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go</c>).
    /// </summary>
    public WriteResult? Apply(in RequestTarget target, JsonObject configuration, WriteOptions options)
    {
        var here = target;
        var paths = PathsOf(target);
        if (configuration.Text("apiVersion") is var said && said != Version)
            throw KubernetesApiException.BadRequest($"Incorrect version specified in apply patch. Specified patch version: {said}, expected: {Version}");
        var metadata = configuration["metadata"] as JsonObject;
        var replicas = ValidReplicas(target, configuration);
        var manager = options.FieldManager ?? throw KubernetesApiException.BadRequest("fieldManager is required for apply patch");
        return server.GuaranteedUpdate(target, live =>
        {
            var seen = View(here, live).Root;
            // A version that is named is compared with the object's by Replace.
            var wanted = Object(
                ("apiVersion", seen.At("apiVersion").ToNode()), ("kind", seen.At("kind").ToNode()),
                ("metadata", Object(("name", live.Name), ("namespace", live.Namespace), ("resourceVersion", metadata.Text("resourceVersion")))));
            if (replicas is { } count)
                Set(wanted, paths.Spec, count);
            return Replace(here, live, server.Fields.Apply(seen, wanted, manager, "scale", options.Force, server.Clock.GetUtcNow()), options);
        });
    }

    private static long? ValidReplicas(in RequestTarget target, JsonObject scale)
    {
        if ((scale["metadata"] as JsonObject).Text("name") is { Length: > 0 } name && name != target.Name)
            throw KubernetesApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        var replicas = (scale["spec"] as JsonObject).Integer("replicas");
        return replicas is null or >= 0
            ? replicas
            : throw KubernetesApiException.Invalid(new("autoscaling", "v1", "Scale"), target.Name ?? "", [new("FieldValueInvalid", "spec.replicas", $"Invalid value: {replicas}: must be greater than or equal to 0")]);
    }

    private WriteResult Replace(in RequestTarget target, Document live, JsonObject @object, WriteOptions options)
    {
        var written = server.Replace(target with { Subresource = null }, live, @object, options with { FieldManager = null });
        return written with { Answer = ScaleOf(target, written.Object) };
    }

    private static ScalePaths PathsOf(in RequestTarget target) => target.Resource.Custom is null
        ? ScalePaths.BuiltIn
        : target.Resource.CustomVersion()?.Scale ?? throw new KubernetesApiException(404, "NotFound", "the server could not find the requested resource", []);

    /// <summary>The object in the version of the request.</summary>
    private static Document View(in RequestTarget target, Document live) => target.Resource.CustomVersion()?.View(live) ?? live;

    private static void Set(JsonObject @object, IReadOnlyList<string> path, long replicas)
    {
        foreach (var step in path.SkipLast(1))
            @object = @object.Ensure(step);
        @object[path[^1]] = replicas;
    }

    private static JsonObject ScaleOf(in RequestTarget target, Document live)
    {
        var paths = PathsOf(target);
        var view = View(target, live);
        var replicas = ScalePaths.At(view.Root, paths.Spec).Integer(0);
        return Object(
            ("kind", "Scale"),
            ("apiVersion", Version),
            ("metadata", Object(
                ("name", view.Name),
                ("namespace", view.Namespace),
                ("uid", view.Uid),
                ("resourceVersion", view.Metadata.At("resourceVersion").Text()),
                ("creationTimestamp", view.Metadata.At("creationTimestamp").Text()))),
            ("spec", replicas == 0 ? new JsonObject() : Object(("replicas", replicas))),
            ("status", Object(
                ("replicas", ScalePaths.At(view.Root, paths.Status).Integer(0)),
                ("selector", target.Resource.Custom is null ? SelectorOf(view) : paths.Selector is { } steps ? ScalePaths.At(view.Root, steps).Text() : null))));
    }

    private static string? SelectorOf(Document live)
    {
        var selector = live.Spec.At("selector");
        var text = (live.Resource == ReplicationControllers ? PlainSelector.Of(selector) : LabelSelector.FromObject(selector)).ToString();
        return string.IsNullOrEmpty(text) ? null : text;
    }
}
