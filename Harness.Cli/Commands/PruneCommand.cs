using System.CommandLine;
using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary>
/// <c>harness prune</c>: deletes what <c>harness apply</c> once applied and the manifests no longer have, such as ConfigMaps whose names end in the hash of an
/// older content. Looks at the kinds that <c>kubectl apply --prune</c> looks at, in the namespaces of the manifests.
/// </summary>
internal static class PruneCommand
{
    private static readonly IReadOnlyList<(string ApiVersion, string Kind)> Pruned =
    [
        ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "Service"), ("v1", "ServiceAccount"), ("v1", "PersistentVolumeClaim"), ("v1", "Pod"), ("v1", "ReplicationController"),
        ("batch/v1", "Job"), ("batch/v1", "CronJob"), ("networking.k8s.io/v1", "Ingress"), ("networking.k8s.io/v1", "NetworkPolicy"),
        ("apps/v1", "DaemonSet"), ("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet"),
        ("policy/v1", "PodDisruptionBudget"), ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("rbac.authorization.k8s.io/v1", "Role"), ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ];

    public static Command Create(CommandContext context)
    {
        var input = new ManifestInput();
        var all = new Option<bool>("--all") { Description = "Everything that harness applied in the namespaces of the manifests." };
        var selector = new Option<string?>("--selector", "-l") { Description = "Only objects that a label selector selects." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only print what would be deleted." };
        var command = new Command("prune", "Delete what was applied before and is no longer in the manifests.") { all, selector, dryRun };
        input.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(all) == (parsed.GetValue(selector) is not null))
                throw new CommandException("say what may be deleted: --all, or -l SELECTOR");
            using var client = context.Connect();
            var manifests = input.Read(context, parsed);
            string NamespaceOf(string named) => named.Length > 0 ? named : client.Namespace;
            var kept = manifests.Select(manifest => (manifest.ApiVersion, manifest.Kind, NamespaceOf(manifest.Namespace), manifest.Name)).ToHashSet();
            foreach (var @namespace in manifests.Where(manifest => manifest.Kind != "Namespace").Select(manifest => NamespaceOf(manifest.Namespace)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                foreach (var (apiVersion, kind) in Pruned)
                {
                    var resource = client.ResourceOf(KubeJson.Object(("apiVersion", apiVersion), ("kind", kind)));
                    foreach (var found in await client.ListAsync(resource, @namespace, parsed.GetValue(selector), cancellation))
                    {
                        var name = found.At("metadata", "name").Text("");
                        if (!IsApplied(found) || kept.Contains((apiVersion, kind, @namespace, name)))
                            continue;
                        if (!parsed.GetValue(dryRun))
                            await client.DeleteAsync(resource, @namespace, name, cancellation: cancellation);
                        await context.Output.WriteLineAsync($"{resource.QualifiedSingular}/{name} pruned{(parsed.GetValue(dryRun) ? " (dry run)" : "")}");
                    }
                }
            return 0;
        });
        return command;
    }

    private static bool IsApplied(JsonElement found) => found.At("metadata", "managedFields").Items()
        .Any(entry => entry.At("manager").Text() == KubeClient.FieldManager && entry.At("operation").Text() == "Apply");
}
