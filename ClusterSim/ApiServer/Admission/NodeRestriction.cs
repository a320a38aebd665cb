using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access.Rbac;

namespace ClusterSim.Admission;

/// <summary>
/// A kubelet writes its own Node and lease, and its own pods' status, and nothing else of the kind (<c>plugin/pkg/admission/noderestriction</c>,
/// without its rules on claims' status, resource slices and dynamic allocation). Its rule on tokens is asked where tokens are made.
/// </summary>
internal sealed class NodeRestriction : AdmissionPlugin
{
    private const string OwnLabelPrefix = "node-restriction.kubernetes.io/";
    private const string LeaseNamespace = "kube-node-lease";

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (NodeAuthorizer.NodeOf(request.Target.User) is not { } node)
            return;
        switch (request.Target.Resource.Group, request.Target.Resource.Name)
        {
            case ("", "pods"):
                CheckPod(request, node);
                break;
            case ("", "nodes"):
                CheckNode(request, node);
                break;
            case ("coordination.k8s.io", "leases"):
                if (request.Target.Namespace != LeaseNamespace)
                    throw Forbidden(request, $"can only access leases in the \"{LeaseNamespace}\" system namespace");
                if (NameOf(request) != node)
                    throw Forbidden(request, "can only access node lease with the same name as the requesting node");
                break;
        }
    }

    private static void CheckPod(AdmissionRequest request, string node)
    {
        var old = request.Old.At("spec", "nodeName").Text("");
        switch (request.Operation, request.Target.Subresource)
        {
            case (Create, null):
                if (request.Object!["metadata"]?["annotations"] is not JsonObject annotations || !annotations.ContainsKey("kubernetes.io/config.mirror"))
                    throw Forbidden(request, $"pod does not have \"kubernetes.io/config.mirror\" annotation, node \"{node}\" can only create mirror pods");
                if ((request.Object["spec"] as JsonObject).Text("nodeName") != node)
                    throw Forbidden(request, $"node \"{node}\" can only create pods with spec.nodeName set to itself");
                break;
            case (Delete, _):
                if (old != node)
                    throw Forbidden(request, $"node \"{node}\" can only delete pods with spec.nodeName set to itself");
                break;
            case (Update, "status"):
                if (old != node)
                    throw Forbidden(request, $"node \"{node}\" can only update pod status for pods with spec.nodeName set to itself");
                if (!SameMap(request.Old.At("metadata", "labels"), (request.Object!["metadata"] as JsonObject)?["labels"] as JsonObject))
                    throw Forbidden(request, $"node \"{node}\" cannot update labels through pod status");
                break;
            case (Update, _):
                throw Forbidden(request, $"unexpected operation {request.Operation}, node \"{node}\" can only create and delete mirror pods");
        }
    }

    private static void CheckNode(AdmissionRequest request, string node)
    {
        var name = NameOf(request);
        if (name != node)
            throw Forbidden(request, $"node \"{node}\" is not allowed to modify node \"{name}\"");
        if (request.Operation != Update || request.Target.Subresource is not null)
            return;
        var taints = (request.Object!["spec"] as JsonObject)?["taints"];
        if (!JsonNode.DeepEquals(taints is JsonArray { Count: 0 } ? null : taints, request.Old.At("spec", "taints").ToNode()))
            throw Forbidden(request, $"node \"{node}\" is not allowed to modify taints");
        var before = request.Old.At("metadata", "labels").TextMap();
        var after = ((request.Object["metadata"] as JsonObject)?["labels"] as JsonObject ?? []).ToDictionary(label => label.Key, label => label.Value?.GetValue<string>() ?? "", StringComparer.Ordinal);
        var changed = before.Keys.Union(after.Keys, StringComparer.Ordinal)
            .Where(key => key.StartsWith(OwnLabelPrefix, StringComparison.Ordinal) && before.GetValueOrDefault(key) != after.GetValueOrDefault(key))
            .Order(StringComparer.Ordinal).ToList();
        if (changed.Count > 0)
            throw Forbidden(request, $"node \"{node}\" is not allowed to modify labels: {string.Join(", ", changed)}");
    }

    private static bool SameMap(JsonElement before, JsonObject? after)
    {
        var known = before.TextMap();
        return known.Count == (after?.Count ?? 0) && known.All(pair => after.Text(pair.Key) == pair.Value);
    }
}
