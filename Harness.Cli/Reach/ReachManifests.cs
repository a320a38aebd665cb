using System.Net;
using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Manifests;
using ClusterSim.Network.Policies;
using Harness.Commands;
using Harness.Kube;

namespace Harness.Reach;

/// <summary>
/// Reads what reachability follows from out of manifests alone: a workload's pod template stands for its pods. Labels that a cluster adds to
/// pods by itself (<c>pod-template-hash</c>, a StatefulSet's pod name) are not there, and neither are addresses.
/// </summary>
internal static class ReachManifests
{
    private static readonly Lazy<ManifestValidator> Validator = new(() => new ManifestValidator());

    /// <summary>
    /// Reads the manifests. What the API would not accept is refused: a misspelt selector must not count as none, nor a policy that no cluster takes as one.
    /// </summary>
    /// <exception cref="CommandException">A manifest has errors; the message names each, with its place and field.</exception>
    /// <param name="manifests">The manifests.</param>
    /// <param name="apiServer">Where the API server is, which no manifest says; null: where a simulated cluster's is.</param>
    public static ReachInput Read(IReadOnlyList<Manifest> manifests, IPEndPoint? apiServer = null)
    {
        var relevant = manifests.Where(IsRelevant).ToList();
        if (Validator.Value.Validate(relevant).Where(IsRelevant).ToList() is { Count: > 0 } errors)
            throw new CommandException(string.Join('\n', errors));
        var namespaces = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        var policies = new List<NetworkPolicy>();
        var pods = new List<ReachPod>();
        var services = new List<ReachService>();
        foreach (var manifest in relevant)
            switch (manifest.Kind)
            {
                case "Namespace":
                    namespaces[manifest.Name] = manifest.Object.ToElement().At("metadata", "labels").TextMap();
                    break;
                case "NetworkPolicy":
                    policies.Add(NetworkPolicy.Read(manifest.Object.ToElement()));
                    break;
                case "Service":
                    if (ReachReading.Service(manifest.Object.ToElement()) is { } service)
                        services.Add(service);
                    break;
                default:
                    var replicas = manifest.Object.ToElement().At("spec", "replicas").Integer(1);
                    if (replicas > 0)
                        pods.Add(new ReachPod(PodOf(manifest, PodTemplate.Find(manifest.Object)!), manifest.Name, manifest.Kind, replicas));
                    break;
            }
        return new ReachInput(namespaces, policies, pods, services, [apiServer ?? ReachInput.SimulatedApiServer]);
    }

    private static bool IsRelevant(Manifest manifest) =>
        manifest.Kind is "Namespace" or "NetworkPolicy" or "Service" || PodTemplate.Find(manifest.Object) is not null;

    /// <summary>
    /// Returns whether an error may change who reaches whom: any of a policy, Service or Namespace, and malformed fields of a workload. The rules of a
    /// workload do not matter, and a custom kind may hold a pod template too: its fields are not known here.
    /// </summary>
    private static bool IsRelevant(ManifestError error) =>
        error.Code == 400 || (error.Code != 404 && error.Manifest is { Kind: "Namespace" or "NetworkPolicy" or "Service" });

    /// <summary>Returns the pod that a workload would make, under the workload's name.</summary>
    private static PolicyPod PodOf(Manifest workload, PodTemplate template) => PolicyPod.Read(KubeJson.Object(
        ("apiVersion", "v1"), ("kind", "Pod"),
        ("metadata", KubeJson.Object(
            ("name", workload.Name), ("namespace", workload.Namespace.Length == 0 ? "default" : workload.Namespace), ("labels", template.Metadata?["labels"]?.DeepClone()))),
        ("spec", template.Spec.DeepClone())).ToElement());
}
