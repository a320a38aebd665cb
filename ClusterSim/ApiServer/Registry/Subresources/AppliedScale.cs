using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Patching;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Subresources;

/// <summary>
/// Server-side apply of a Scale: what it says of the replicas is applied to the object itself, and owned there through subresource <c>scale</c>
/// (<c>k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go</c>).
/// </summary>
internal static class AppliedScale
{
    private const string Version = "autoscaling/v1";

    /// <summary>Applies.</summary>
    /// <param name="server">The API server.</param>
    /// <param name="target">The object, and its subresource.</param>
    /// <param name="configuration">The Scale as it was sent.</param>
    /// <param name="options">Who applies, and with what force.</param>
    /// <param name="path">Where the object has its replicas.</param>
    /// <param name="view">The object in the version of the request.</param>
    /// <param name="answer">The Scale of an object.</param>
    public static WriteResult Apply(
        ApiServer server, in RequestTarget target, JsonObject configuration, WriteOptions options, IReadOnlyList<string> path,
        Func<Document, JsonElement> view, Func<Document, JsonObject> answer)
    {
        if (configuration.Text("apiVersion") is var said && said != Version)
            throw KubernetesApiException.BadRequest($"Incorrect version specified in apply patch. Specified patch version: {said}, expected: {Version}");
        var metadata = configuration["metadata"] as JsonObject;
        if (metadata.Text("name") is { Length: > 0 } name && name != target.Name)
            throw KubernetesApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        var replicas = (configuration["spec"] as JsonObject).Integer("replicas");
        if (replicas < 0)
            throw KubernetesApiException.Invalid(new("autoscaling", "v1", "Scale"), target.Name ?? "", [new("FieldValueInvalid", "spec.replicas", $"Invalid value: {replicas}: must be greater than or equal to 0")]);
        var manager = options.FieldManager ?? throw KubernetesApiException.BadRequest("fieldManager is required for apply patch");
        while (true)
        {
            var live = server.Require(target);
            var seen = view(live);
            var wanted = Object(
                ("apiVersion", seen.At("apiVersion").ToNode()), ("kind", seen.At("kind").ToNode()),
                ("metadata", Object(("name", live.Name), ("namespace", live.Namespace), ("resourceVersion", metadata.Text("resourceVersion")))));
            if (replicas is { } count)
            {
                var holder = wanted;
                foreach (var step in path.SkipLast(1))
                    holder = holder.Ensure(step);
                holder[path[^1]] = count;
            }
            var merged = server.Fields.Apply(seen, wanted, manager, "scale", options.Force, server.Clock.GetUtcNow());
            try
            {
                var written = server.Replace(target with { Subresource = null }, live, merged, options with { FieldManager = null });
                return written with { Answer = answer(written.Object) };
            }
            catch (StoreConflictException)
            {
                // Somebody else wrote in between: once more on what is there now; a version that was named is compared with it.
            }
        }
    }
}
