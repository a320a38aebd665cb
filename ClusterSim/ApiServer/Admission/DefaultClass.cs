using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>Finds the default among several classes: the newest that is marked as default, by name where equally new.</summary>
internal static class DefaultClass
{
    /// <summary>Returns the default class; null where no class is annotated as the default.</summary>
    public static Document? Of(StoreSnapshot classes, string annotation) => classes.All()
        .Where(one => one.Metadata.At("annotations", annotation).Text() == "true")
        .OrderByDescending(one => one.Metadata.At("creationTimestamp").Time()).ThenBy(one => one.Name, StringComparer.Ordinal).FirstOrDefault();
}
