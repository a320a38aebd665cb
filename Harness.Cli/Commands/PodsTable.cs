using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary>The pods of the namespaces that manifests brought, as <c>kubectl get pods -A</c> prints them.</summary>
internal static class PodsTable
{
    /// <summary>Namespaces that every cluster has.</summary>
    private static bool IsSystem(string @namespace) => @namespace is "kube-system" or "kube-public" or "kube-node-lease" or "default" || @namespace.StartsWith("ingress-", StringComparison.Ordinal);

    /// <summary>The table; empty text where there are no pods.</summary>
    public static async Task<string> PrintAsync(KubeClient client, CancellationToken cancellation)
    {
        var table = await client.TableAsync(client.Resource("pods"), null, null, cancellation: cancellation);
        var tables = new List<JsonElement>();
        var rows = table.At("rows").Items().Where(row => !IsSystem(row.At("object", "metadata").At("namespace").Text(""))).ToList();
        if (rows.Count == 0)
            return "";
        var kept = KubeJson.Object(
            ("columnDefinitions", table.At("columnDefinitions").ToNode()),
            ("rows", new System.Text.Json.Nodes.JsonArray([.. rows.Select(row => row.ToNode())])));
        tables.Add(kept.ToElement());
        return TablePrinter.Print(tables, withNamespace: true, wide: false);
    }
}
