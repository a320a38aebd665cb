using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Subresources;

/// <summary><c>scale</c> of Deployments, ReplicaSets, StatefulSets and ReplicationControllers, as <c>autoscaling/v1</c> Scale.</summary>
internal sealed class ScaleSubresource(ApiServer server) : ISubresource
{
    private static readonly IReadOnlyList<string> Replicas = ["spec", "replicas"];

    /// <inheritdoc/>
    public JsonObject Get(in RequestTarget target) => ScaleOf(server.Require(target));

    /// <inheritdoc/>
    public WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options)
    {
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
            var @object = live.ToObject();
            @object.Ensure("spec")["replicas"] = replicas;
            // The managed fields say subresource "scale", the rest of the object is an ordinary update's.
            var before = live.Root;
            if (options.FieldManager is { } manager)
                server.Fields.RecordUpdate(@object, before, manager, "scale", server.Clock.GetUtcNow());
            try
            {
                var written = server.Replace(target with { Subresource = null }, live, @object, options with { FieldManager = null });
                return written with { Answer = ScaleOf(written.Object) };
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
    public WriteResult? Apply(in RequestTarget target, JsonObject configuration, WriteOptions options) =>
        AppliedScale.Apply(server, target, configuration, options, Replicas, static live => live.Root, ScaleOf);

    private static JsonObject ScaleOf(Document live)
    {
        var selector = live.Resource == new GroupResource("", "replicationcontrollers")
            ? PlainSelector.Of(live.Spec.At("selector"))
            : LabelSelector.FromObject(live.Spec.At("selector"));
        var metadata = Object(
            ("name", live.Name),
            ("namespace", live.Namespace),
            ("uid", live.Uid),
            ("resourceVersion", live.Metadata.At("resourceVersion").Text()),
            ("creationTimestamp", live.Metadata.At("creationTimestamp").Text()));
        var replicas = live.Spec.At("replicas").Integer(0);
        return Object(
            ("kind", "Scale"),
            ("apiVersion", "autoscaling/v1"),
            ("metadata", metadata),
            ("spec", replicas == 0 ? new JsonObject() : Object(("replicas", replicas))),
            ("status", Object(("replicas", live.Status.At("replicas").Integer(0)), ("selector", selector.ToString() is { Length: > 0 } text ? text : null))));
    }
}
