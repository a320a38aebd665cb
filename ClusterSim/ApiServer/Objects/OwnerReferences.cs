using System.Text.Json.Nodes;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Objects;

/// <summary>Owner references (<c>metav1.OwnerReference</c>).</summary>
internal static class OwnerReferences
{
    /// <summary>A reference to the owner that is the controller.</summary>
    public static JsonObject Controller(Document owner) => Object(
        ("apiVersion", owner.Root.At("apiVersion").Text()),
        ("kind", owner.Root.At("kind").Text()),
        ("name", owner.Name),
        ("uid", owner.Uid),
        ("controller", true),
        ("blockOwnerDeletion", true));

    /// <summary>The kind and name of the controlling owner; null where there is none.</summary>
    public static (string Kind, string Name, string Uid)? ControllerOf(Document document)
    {
        if (document.ControllerUid is null)
            return null;
        foreach (var owner in document.Metadata.At("ownerReferences").Items())
            if (owner.At("controller").Flag(false))
                return (owner.At("kind").Text(""), owner.At("name").Text(""), owner.At("uid").Text(""));
        return null;
    }

    /// <summary>The patch that leaves these references; uid makes sure it is the object that was seen.</summary>
    public static JsonObject Patch(Document document, IEnumerable<JsonObject> references)
    {
        var array = new JsonArray([.. references]);
        var metadata = Object(("uid", document.Uid));
        metadata["ownerReferences"] = array.Count == 0 ? null : array;
        return Object(("metadata", metadata));
    }
}
