using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers;

/// <summary>
/// The history of a StatefulSet's or DaemonSet's template, as ControllerRevisions (<c>pkg/controller/history</c>): each holds the template as a
/// patch that puts it back, and its hash under the label the owner's controller looks for (<c>controller.kubernetes.io/hash</c> of StatefulSets,
/// <c>controller-revision-hash</c> of DaemonSets).
/// </summary>
internal sealed class ControllerRevisions(ApiClient client, string hashLabel)
{
    private readonly ResourceType _revisions = client.Resource("controllerrevisions", "apps");

    /// <summary>The owner's revisions, oldest first.</summary>
    public List<Document> Of(Document owner) => [.. client.Server.Store.Current(_revisions.GroupResource).ControlledBy(owner.Uid)
        .OrderBy(Number).ThenBy(revision => revision.Created()).ThenBy(revision => revision.Name, StringComparer.Ordinal)];

    /// <summary>Its number.</summary>
    public static long Number(Document revision) => revision.Root.At("revision").Integer() ?? 0;

    /// <summary>The template it holds.</summary>
    public static JsonElement Template(Document revision) => revision.Root.At("data", "spec", "template");

    /// <summary>
    /// The revision of the owner's template now: the newest one if that is it; an older equal one, which becomes the newest (a rollback); or a
    /// new one. <paramref name="collided"/> is called when a name is taken by something else.
    /// </summary>
    public Document Sync(Document owner, List<Document> known, long collisions, Action collided)
    {
        var data = Data(owner.Spec.At("template"));
        var view = data.ToElement();
        var next = known.Count == 0 ? 1 : Number(known[^1]) + 1;
        var equal = known.FindLast(revision => JsonElement.DeepEquals(revision.Root.At("data"), view));
        if (equal is not null && equal == known[^1])
            return equal;
        if (equal is not null)
        {
            var renewed = equal.ToObject();
            renewed["revision"] = next;
            return client.Update(_revisions, renewed);
        }
        var hash = PodTemplate.Hash(view, collisions);
        var labels = owner.Spec.At("template", "metadata", "labels").ToObject();
        labels[hashLabel] = hash;
        try
        {
            return client.Create(_revisions, Object(
                ("apiVersion", "apps/v1"),
                ("kind", "ControllerRevision"),
                ("metadata", Object(
                    ("name", $"{owner.Name}-{hash}"),
                    ("namespace", owner.Namespace),
                    ("labels", labels),
                    ("annotations", owner.Metadata.At("annotations").ToNode()),
                    ("ownerReferences", new JsonArray(OwnerReferences.Controller(owner))))),
                ("data", data),
                ("revision", next)));
        }
        catch (KubernetesApiException taken) when (taken.Reason == "AlreadyExists")
        {
            collided();
            throw KubernetesApiException.Modified(_revisions.GroupResource, $"{owner.Name}-{hash}");
        }
    }

    /// <summary>The other revisions that hold the same as this one, which it stands for from now on.</summary>
    public static IEnumerable<Document> EqualTo(Document revision, IEnumerable<Document> known) =>
        known.Where(one => one.Name != revision.Name && JsonElement.DeepEquals(one.Root.At("data"), revision.Root.At("data")));

    /// <summary>Deletes a revision.</summary>
    public void Delete(Document revision) => client.Delete(_revisions, revision.Key);

    /// <summary>Deletes the oldest revisions beyond the limit that nothing uses.</summary>
    public void Truncate(IReadOnlyList<Document> known, IReadOnlySet<string> used, int limit)
    {
        var unused = known.Where(revision => !used.Contains(revision.Name)).ToList();
        foreach (var revision in unused.Take(Math.Max(0, unused.Count - limit)))
            client.Delete(_revisions, revision.Key);
    }

    private static JsonObject Data(JsonElement template)
    {
        var patch = new JsonObject { ["$patch"] = "replace" };
        foreach (var field in template.Fields())
            patch[field.Name] = field.Value.ToNode();
        return Object(("spec", Object(("template", patch))));
    }
}
