using ClusterSim.Storage;

namespace ClusterSim.Objects;

/// <summary>Which volume serves a claim (<c>volume.FindMatchingVolume</c>): the smallest that is large enough and has its class, modes and labels.</summary>
internal static class VolumeMatching
{
    /// <summary>Returns the smallest unbound volume that fits the claim, or null. <paramref name="mayUse"/> returns whether the chosen node can reach a volume.</summary>
    public static Document? Smallest(Document claim, IEnumerable<Document> volumes, Func<Document, bool>? mayUse = null)
    {
        var wanted = Quantity.Parse(claim.Spec.At("resources", "requests", "storage").Text("0"));
        return volumes
            .Where(volume => Fits(claim, volume, wanted) && (mayUse is null || mayUse(volume)))
            .OrderBy(volume => Quantity.Parse(volume.Spec.At("capacity", "storage").Text("0")))
            .ThenBy(volume => volume.Name, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    private static bool Fits(Document claim, Document volume, Quantity wanted)
    {
        if (volume.IsDeleting || volume.Spec.At("claimRef").Exists() || volume.Status.At("phase").Text() is "Released" or "Failed")
            return false;
        if (volume.Spec.At("storageClassName").Text("") != (PersistentVolumeClaims.ClassOf(claim) ?? ""))
            return false;
        if (volume.Spec.At("volumeMode").Text("Filesystem") != claim.Spec.At("volumeMode").Text("Filesystem"))
            return false;
        if (claim.Spec.At("selector").Exists() && !LabelSelector.FromObject(claim.Spec.At("selector")).Matches(volume.Labels))
            return false;
        var offered = volume.Spec.At("accessModes").Items().Select(mode => mode.Text("")).ToHashSet(StringComparer.Ordinal);
        return claim.Spec.At("accessModes").Items().All(mode => offered.Contains(mode.Text("")))
            && Quantity.Parse(volume.Spec.At("capacity", "storage").Text("0")) >= wanted;
    }
}
