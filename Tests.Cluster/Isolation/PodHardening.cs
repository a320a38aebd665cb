using System.Text.Json;
using ClusterSim.Json;

namespace Tests.Cluster.Isolation;

/// <summary>What every pod of the system is held to, beyond what Pod Security <c>restricted</c> refuses: read from pods, not from manifests.</summary>
internal static class PodHardening
{
    private const string KubernetesApi = "the Kubernetes API";

    // By service account. A token for the Kubernetes API has no audience of its own; one for another service does, and is of no use against the API.
    private static readonly IReadOnlyDictionary<string, string[]> Tokens = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["invoices/invoice-app"] = ["payment-provider"],
        ["payments/payment-provider"] = [KubernetesApi],
    };

    /// <summary>What is wrong with a pod; nothing where all is well.</summary>
    public static IReadOnlyList<string> Faults(JsonElement pod)
    {
        var faults = new List<string>();
        var spec = pod.At("spec");
        var account = $"{pod.At("metadata", "namespace").Text()}/{spec.At("serviceAccountName").Text()}";
        var audiences = Tokens.GetValueOrDefault(account, []);
        var held = new List<string>();
        foreach (var volume in spec.At("volumes").Items())
        {
            foreach (var source in volume.At("projected", "sources").Items())
                if (source.At("serviceAccountToken").Exists())
                    held.Add(source.At("serviceAccountToken", "audience").Text(KubernetesApi));
            if (volume.At("secret").Exists())
                faults.Add($"volume {volume.At("name").Text()} holds a Secret");
        }
        foreach (var audience in held.Except(audiences, StringComparer.Ordinal))
            faults.Add($"it holds a token for {audience}, which {account} has no use for");
        foreach (var audience in audiences.Except(held, StringComparer.Ordinal))
            faults.Add($"it holds no token for {audience}, which {account} needs");
        foreach (var audience in held.GroupBy(audience => audience, StringComparer.Ordinal).Where(group => group.Count() > 1))
            faults.Add($"it holds {audience.Count()} tokens for {audience.Key}");
        foreach (var container in spec.At("containers").Items())
            foreach (var mount in container.At("volumeMounts").Items())
                if (mount.At("mountPath").Text("").StartsWith("/var/run/secrets/", StringComparison.Ordinal) && !mount.At("readOnly").Flag(false))
                    faults.Add($"volume {mount.At("name").Text()} is writable");
        // The files of a fresh volume are root's: whoever is not root writes there through the group that the kubelet gives them.
        if (spec.At("volumes").Items().Any(volume => volume.At("persistentVolumeClaim").Exists())
            && spec.At("securityContext", "fsGroup").Integer(0) != spec.At("securityContext", "runAsGroup").Integer(-1))
            faults.Add("its volume's files are not its group's: it cannot write there");
        if (IsOfTheSystem(pod))
        {
            if (spec.At("serviceAccountName").Text("default") == "default")
                faults.Add("it runs as the account that any pod of its namespace gets");
            if (spec.At("enableServiceLinks").Flag(true))
                faults.Add("every Service of its namespace is written into its environment");
            foreach (var volume in spec.At("volumes").Items())
                if (volume.At("emptyDir").Exists() && !volume.At("emptyDir", "sizeLimit").Exists())
                    faults.Add($"volume {volume.At("name").Text()} may fill its node's disk");
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

    /// <summary>Not a pod that a test has put beside them.</summary>
    private static bool IsOfTheSystem(JsonElement pod) => pod.At("metadata", "labels").TextMap().GetValueOrDefault("app.kubernetes.io/part-of") == "invoicing";
}
