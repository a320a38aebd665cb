using System.Net;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Manifests;
using ClusterSim.Network.Policies;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Validation;
using Harness.Commands;

namespace Harness.Reach;

/// <summary>
/// Reads what reachability follows from out of manifests alone: a workload's pod template stands for its pods. Labels that a cluster adds to
/// pods by itself (<c>pod-template-hash</c>, a StatefulSet's pod name) are not there, and neither are addresses.
/// </summary>
internal static class ReachManifests
{
    private static readonly Lazy<RequestDecoder> Decoder = new(() => new RequestDecoder(TypeSchema.Load()));

    /// <summary>
    /// Reads the manifests. What the API would not accept is refused: a misspelt selector must not count as none, nor a policy that no cluster takes as one.
    /// </summary>
    /// <exception cref="CommandException">A manifest cannot be read; the message names it and the field.</exception>
    /// <param name="manifests">The manifests.</param>
    /// <param name="apiServer">Where the API server is, which no manifest says; null: where a simulated cluster's is.</param>
    public static ReachInput Read(IReadOnlyList<Manifest> manifests, IPEndPoint? apiServer = null)
    {
        var catalog = new ResourceCatalog();
        var strategies = new KindStrategies();
        var namespaces = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        var policies = new List<NetworkPolicy>();
        var pods = new List<ReachPod>();
        var services = new List<ReachService>();
        foreach (var manifest in manifests)
        {
            if (!IsOfInterest(manifest))
                continue;
            var read = Decode(catalog, manifest);
            Refuse(strategies, read, manifest);
            switch (manifest.Kind)
            {
                case "Namespace":
                    namespaces[manifest.Name] = read.ToElement().At("metadata", "labels").TextMap();
                    break;
                case "NetworkPolicy":
                    policies.Add(Policy(read, manifest));
                    break;
                case "Service":
                    if (ReachReading.Service(read.ToElement()) is { } service)
                        services.Add(service);
                    break;
                default:
                    if (PodOf(read) is { } pod)
                        pods.Add(new ReachPod(ReachReading.Pod(pod), manifest.Name, manifest.Kind, (int?)(read["spec"] as JsonObject).Integer("replicas") ?? 1));
                    break;
            }
        }
        return new ReachInput(namespaces, policies, pods, services, [apiServer ?? ReachInput.SimulatedApiServer]);
    }

    private static bool IsOfInterest(Manifest manifest) =>
        manifest.Kind is "Namespace" or "NetworkPolicy" or "Service" || PodSpecs.Of(manifest.Object) is not null;

    private static JsonObject Decode(ResourceCatalog catalog, Manifest manifest)
    {
        var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
        // A kind of somebody's own may hold a pod template too; its fields are not known here.
        if (catalog.Find(new GroupVersionKind(group, version, manifest.Kind)) is null)
            return manifest.Object;
        try
        {
            return Decoder.Value.Decode(manifest.Object.ToUtf8(), MediaKind.Json, new GroupVersionKind(group, version, manifest.Kind), FieldValidation.Strict).Object;
        }
        catch (Exception refused) when (refused is KubernetesApiException or DecodeException)
        {
            throw new CommandException($"{manifest.Source}: {refused.Message}");
        }
    }

    /// <summary>Holds what decides on reachability to the API's own rules; those of workloads have no say in it.</summary>
    private static void Refuse(KindStrategies strategies, JsonObject read, Manifest manifest)
    {
        if (manifest.Kind is not ("NetworkPolicy" or "Service" or "Namespace"))
            return;
        var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
        var kind = new GroupVersionKind(group, version, manifest.Kind);
        var strategy = strategies.For(kind);
        // A copy: what the API fills in is not what was written.
        var filled = (JsonObject)read.DeepClone();
        strategy.Default(filled);
        strategy.PrepareForCreate(filled);
        var view = filled.ToElement();
        var labels = new FieldErrors();
        LabelValidation.Labels(labels, view.At("metadata", "labels"), FieldPath.Metadata.Child("labels"));
        if (labels.Concat(strategy.Validate(view)).ToList() is { Count: > 0 } errors)
            throw new CommandException($"{manifest.Source}: {KubernetesApiException.Invalid(kind, manifest.Name, errors).Message}");
    }

    private static NetworkPolicy Policy(JsonObject read, Manifest manifest)
    {
        try
        {
            return ReachReading.Policy(read.ToElement());
        }
        catch (FormatException malformed)
        {
            throw new CommandException($"{manifest.Source}: NetworkPolicy {manifest.Name}: {malformed.Message}");
        }
    }

    /// <summary>The pod that a workload would make, under the workload's name; null where it asks for none.</summary>
    private static JsonObject? PodOf(JsonObject workload)
    {
        if (PodSpecs.Of(workload) is not { } spec || (workload["spec"] as JsonObject).Integer("replicas") == 0)
            return null;
        var labels = (workload.Text("kind") switch
        {
            "Pod" => workload["metadata"],
            "CronJob" => workload["spec"]?["jobTemplate"]?["spec"]?["template"]?["metadata"],
            _ => workload["spec"]?["template"]?["metadata"],
        })?["labels"];
        var metadata = (JsonObject)workload["metadata"]!;
        return JsonBuilding.Object(
            ("apiVersion", "v1"), ("kind", "Pod"),
            ("metadata", JsonBuilding.Object(
                ("name", metadata.Text("name")), ("namespace", metadata.Text("namespace") ?? "default"), ("labels", labels?.DeepClone()))),
            ("spec", spec.DeepClone()));
    }
}
