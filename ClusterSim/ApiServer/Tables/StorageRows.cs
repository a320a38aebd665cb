using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;
using static ClusterSim.Tables.Rows;

namespace ClusterSim.Tables;

/// <summary>Rows of volumes, claims and storage classes.</summary>
internal static class StorageRows
{
    private const string DefaultClass = "storageclass.kubernetes.io/is-default-class";
    private const string BetaClass = "volume.beta.kubernetes.io/storage-class";
    private const string Unset = "<unset>";

    public static JsonArray Volume(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        var claim = spec.At("claimRef");
        return
        [
            Name(o), spec.At("capacity", "storage").Text(""), AccessModes(spec.At("accessModes")), spec.At("persistentVolumeReclaimPolicy").Text(""), Phase(o),
            claim.Exists() ? $"{claim.At("namespace").Text()}/{claim.At("name").Text()}" : "", spec.At("storageClassName").Text(""),
            spec.At("volumeAttributesClassName").Text(Unset), o.At("status", "reason").Text(""), Age(o, now), spec.At("volumeMode").Text(Unset),
        ];
    }

    public static JsonArray Claim(JsonElement o, DateTimeOffset now)
    {
        var (spec, status) = (o.At("spec"), o.At("status"));
        var bound = spec.At("volumeName").Text("").Length > 0;
        return
        [
            Name(o), Phase(o), spec.At("volumeName").Text(""), bound ? status.At("capacity", "storage").Text("") : "", bound ? AccessModes(status.At("accessModes")) : "",
            o.At("metadata", "annotations", BetaClass).Text() ?? spec.At("storageClassName").Text(""), spec.At("volumeAttributesClassName").Text(Unset), Age(o, now), spec.At("volumeMode").Text(Unset),
        ];
    }

    public static JsonArray Class(JsonElement o, DateTimeOffset now)
    {
        var name = o.At("metadata", "annotations", DefaultClass).Text() == "true" ? Name(o) + " (default)" : Name(o);
        return
        [
            name, o.At("provisioner").Text(""), o.At("reclaimPolicy").Text("Delete"), o.At("volumeBindingMode").Text(Unset), o.At("allowVolumeExpansion").Flag(false), Age(o, now),
        ];
    }

    public static JsonArray Driver(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        return
        [
            Name(o), spec.At("attachRequired").Flag(true), spec.At("podInfoOnMount").Flag(false), spec.At("storageCapacity").Flag(false),
            spec.At("tokenRequests").Count() == 0 ? Unset : string.Join(',', spec.At("tokenRequests").Items().Select(request => request.At("audience").Text(""))),
            spec.At("requiresRepublish").Flag(false), Joined(spec.At("volumeLifecycleModes").Items().Select(mode => mode.Text(""))), Age(o, now),
        ];
    }

    private static string Phase(JsonElement o) => o.At("metadata", "deletionTimestamp").Exists() ? "Terminating" : o.At("status", "phase").Text("");
}
