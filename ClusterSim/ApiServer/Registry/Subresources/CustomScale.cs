using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.CustomResources;
using ClusterSim.Patching;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Subresources;

/// <summary><c>scale</c> of custom resources, as <c>autoscaling/v1</c> Scale: reads and writes where the definition says (<c>pkg/registry/customresource/etcd.go</c>).</summary>
internal sealed class CustomScale(ApiServer server) : ISubresource
{
    /// <inheritdoc/>
    public JsonObject Get(in RequestTarget target)
    {
        var paths = PathsOf(target);
        var live = target.Resource.CustomVersion()!.View(server.Require(target));
        if (!ScalePaths.At(live.Root, paths.Spec).Exists())
            throw KubernetesApiException.InternalError($"the spec replicas field {GoText.Quote("." + string.Join('.', paths.Spec))} does not exist");
        return ScaleOf(live, paths);
    }

    /// <inheritdoc/>
    public WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var paths = PathsOf(target);
        var metadata = body["metadata"] as JsonObject;
        var name = metadata.Text("name") ?? "";
        if (name.Length > 0 && name != target.Name)
            throw KubernetesApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        var replicas = (body["spec"] as JsonObject).Integer("replicas") ?? 0;
        if (replicas < 0)
            throw KubernetesApiException.Invalid(new("autoscaling", "v1", "Scale"), target.Name ?? "", [new("FieldValueInvalid", "spec.replicas", $"Invalid value: {replicas}: must be greater than or equal to 0")]);
        while (true)
        {
            var live = server.Require(target);
            var version = metadata.Text("resourceVersion");
            if (!string.IsNullOrEmpty(version) && version != live.Metadata.At("resourceVersion").Text())
                throw KubernetesApiException.Modified(live.Resource, live.Name);
            if (metadata.Text("uid") is { Length: > 0 } uid && uid != live.Uid)
                throw KubernetesApiException.Conflict(live.Resource, live.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Uid}");
            var view = target.Resource.CustomVersion()!.View(live);
            var @object = view.ToObject();
            var holder = @object;
            foreach (var step in paths.Spec.SkipLast(1))
                holder = holder.Ensure(step);
            holder[paths.Spec[^1]] = replicas;
            if (options.FieldManager is { } manager)
                server.Fields.RecordUpdate(@object, view.Root, manager, "scale", server.Clock.GetUtcNow());
            try
            {
                var written = server.Replace(target with { Subresource = null }, live, @object, options with { FieldManager = null });
                return written with { Answer = ScaleOf(target.Resource.CustomVersion()!.View(written.Object), paths) };
            }
            catch (StoreConflictException) when (string.IsNullOrEmpty(version))
            {
                // Somebody else wrote in between: once more on what is there now.
            }
            catch (StoreConflictException)
            {
                throw KubernetesApiException.Modified(live.Resource, live.Name);
            }
        }
    }

    /// <inheritdoc/>
    public WriteResult? Apply(in RequestTarget target, JsonObject configuration, WriteOptions options)
    {
        var (paths, custom) = (PathsOf(target), target.Resource.CustomVersion()!);
        return AppliedScale.Apply(server, target, configuration, options, paths.Spec, live => custom.View(live).Root, live => ScaleOf(custom.View(live), paths));
    }

    private static ScalePaths PathsOf(in RequestTarget target) => target.Resource.CustomVersion()?.Scale
        ?? throw new KubernetesApiException(404, "NotFound", "the server could not find the requested resource", []);

    private static JsonObject ScaleOf(Document live, ScalePaths paths)
    {
        var wanted = ScalePaths.At(live.Root, paths.Spec).Integer(0);
        return Object(
            ("kind", "Scale"),
            ("apiVersion", "autoscaling/v1"),
            ("metadata", Object(
                ("name", live.Name),
                ("namespace", live.Namespace),
                ("uid", live.Uid),
                ("resourceVersion", live.Metadata.At("resourceVersion").Text()),
                ("creationTimestamp", live.Metadata.At("creationTimestamp").Text()))),
            ("spec", wanted == 0 ? new JsonObject() : Object(("replicas", wanted))),
            ("status", Object(
                ("replicas", ScalePaths.At(live.Root, paths.Status).Integer(0)),
                ("selector", paths.Selector is { } steps ? ScalePaths.At(live.Root, steps).Text() : null))));
    }
}
