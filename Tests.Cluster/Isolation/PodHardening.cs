using System.Text.Json;
using ClusterSim.Json;

namespace Tests.Cluster.Isolation;

/// <summary>What every pod of the system is held to, beyond what Pod Security <c>restricted</c> refuses: read from pods, not from manifests.</summary>
internal static class PodHardening
{
    /// <summary>What is wrong with a pod; nothing where all is well.</summary>
    public static IReadOnlyList<string> Faults(JsonElement pod)
    {
        var faults = new List<string>();
        var spec = pod.At("spec");
        foreach (var volume in spec.At("volumes").Items())
        {
            // A token for the Kubernetes API has no audience of its own; one for another service does, and is of no use against the API.
            foreach (var source in volume.At("projected", "sources").Items())
                if (source.At("serviceAccountToken").Exists() && source.At("serviceAccountToken", "audience").Text("").Length == 0)
                    faults.Add($"volume {volume.At("name").Text()} holds a token for the Kubernetes API");
        }
        var user = spec.At("securityContext", "runAsUser").Integer(0);
        foreach (var list in (string[])["initContainers", "containers"])
            foreach (var container in spec.At(list).Items())
            {
                var context = container.At("securityContext");
                var name = container.At("name").Text();
                if (!context.At("readOnlyRootFilesystem").Flag(false))
                    faults.Add($"container {name} can write to its root file system");
                if (context.At("runAsUser").Integer(user) == 0)
                    faults.Add($"container {name} has no numeric user of its own: what it runs as is the image's to say");
                if (spec.At("securityContext", "runAsGroup").Integer(0) == 0 && context.At("runAsGroup").Integer(0) == 0)
                    faults.Add($"container {name} may run in the root group");
                if (!container.At("resources", "limits").At("memory").Exists())
                    faults.Add($"container {name} has no limit of memory");
            }
        return faults;
    }
}
