using System.Text;
using ClusterSim.Schema;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Isolation;

/// <summary>
/// Who may do what, asked of a cluster for every verb of every built-in resource, every identity and every namespace, and written down as
/// Markdown: docs/access.md.
/// </summary>
internal static class AccessTable
{
    private const string Anything = "any-other-name";
    private const int AskedAtOnce = 8;

    /// <summary>The identities that are asked about.</summary>
    public static readonly IReadOnlyList<(string Title, Subject Who)> Identities =
    [
        ("team-invoices", Subject.Member("team-invoices")),
        ("team-payments", Subject.Member("team-payments")),
        ("invoices/deployer", Subject.Account("invoices", "deployer")),
        ("payments/deployer", Subject.Account("payments", "deployer")),
        ("invoices/invoice-app", Subject.Account("invoices", "invoice-app")),
        ("payments/payment-provider", Subject.Account("payments", "payment-provider")),
    ];

    private static readonly string[] Verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

    // What a namespace's objects are called that a right may be held to.
    private static readonly IReadOnlyDictionary<string, string> OwnNames = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [PayingSystem.Invoices] = "invoice-app",
        [PayingSystem.Payments] = "payment-provider",
    };

    /// <summary>The table as the cluster has it now, of every namespace.</summary>
    public static async Task<string> AskAsync(ICluster cluster)
    {
        var text = new StringBuilder();
        foreach (var @namespace in (string[])[PayingSystem.Invoices, PayingSystem.Payments, "default", "kube-system"])
            text.Append(await AskAsync(cluster, @namespace));
        await WriteAsync(text, cluster, "In the cluster, or in all namespaces at once", null);
        return text.ToString();
    }

    /// <summary>The table of one namespace.</summary>
    public static async Task<string> AskAsync(ICluster cluster, string @namespace)
    {
        var text = new StringBuilder();
        await WriteAsync(text, cluster, $"In namespace {@namespace}", @namespace);
        return text.ToString();
    }

    /// <summary>The rows of some resources alone, in one namespace.</summary>
    public static async Task<string> AskAsync(ICluster cluster, string @namespace, IReadOnlySet<(string Group, string Resource)> resources)
    {
        var text = new StringBuilder();
        foreach (var (group, resource, subresource, verbs) in Resources(@namespace))
            if (resources.Contains((group, subresource is null ? resource : $"{resource}/{subresource}")))
                foreach (var (_, who) in Identities)
                    text.Append('|').Append(await CellAsync(cluster, who, group, resource, subresource, verbs, @namespace));
        return text.ToString();
    }

    private static async Task WriteAsync(StringBuilder text, ICluster cluster, string title, string? @namespace)
    {
        text.Append($"\n## {title}\n\n");
        var nothing = new List<string>();
        var rows = new List<string>();
        var resources = Resources(@namespace).ToList();
        var table = new string[resources.Count][];
        await Parallel.ForEachAsync(Enumerable.Range(0, resources.Count), new ParallelOptions { MaxDegreeOfParallelism = AskedAtOnce }, async (index, _) =>
        {
            var (group, resource, subresource, verbs) = resources[index];
            var row = table[index] = new string[Identities.Count];
            for (var column = 0; column < row.Length; column++)
                row[column] = await CellAsync(cluster, Identities[column].Who, group, resource, subresource, verbs, @namespace);
        });
        foreach (var ((group, resource, subresource, _), cells) in resources.Zip(table))
        {
            var shown = (subresource is null ? resource : $"{resource}/{subresource}") + (group.Length == 0 ? "" : $".{group}");
            if (Array.TrueForAll(cells, cell => cell.Length == 0))
                nothing.Add(shown);
            else
                rows.Add($"| {shown} | {string.Join(" | ", cells.Select(cell => cell.Length == 0 ? "-" : cell))} |\n");
        }
        if (rows.Count > 0)
        {
            text.Append($"| | {string.Join(" | ", Identities.Select(identity => identity.Title))} |\n|---|{string.Concat(Identities.Select(_ => "---|"))}\n");
            text.AppendJoin("", rows).Append('\n');
        }
        text.Append($"Nothing, for any of them: {string.Join(", ", nothing)}.\n");
    }

    private static async Task<string> CellAsync(
        ICluster cluster, Subject who, string group, string resource, string? subresource, IReadOnlyList<string> verbs, string? @namespace)
    {
        var may = new List<string>();
        var own = new List<string>();
        var name = @namespace is not null ? OwnNames.GetValueOrDefault(@namespace) : null;
        foreach (var verb in verbs)
        {
            if (await cluster.MayAsync(who, new Deed(verb, group, resource, subresource, @namespace, verb is "list" or "watch" or "create" or "deletecollection" ? null : Anything)))
                may.Add(verb);
            else if (name is not null && await cluster.MayAsync(who, new Deed(verb, group, resource, subresource, @namespace, name)))
                own.Add(verb);
        }
        return string.Join("; ", new[] { string.Join(' ', may), own.Count == 0 ? "" : $"`{name}`: {string.Join(' ', own)}" }.Where(part => part.Length > 0));
    }

    /// <summary>Every resource and subresource there is; and the verbs that RBAC knows beyond those of the API.</summary>
    private static IEnumerable<(string Group, string Resource, string? Subresource, IReadOnlyList<string> Verbs)> Resources(string? @namespace)
    {
        // Every authenticated identity of every cluster may ask for its own access and name: the same for all, and no right over anything.
        var all = ApiResource.BuiltIn().Where(type => type.IsNamespaced || @namespace is null).Where(type => type.Group is not ("authorization.k8s.io" or "authentication.k8s.io"))
            .GroupBy(type => (type.Group, type.Name)).Select(versions => versions.First())
            .OrderBy(type => type.Group, StringComparer.Ordinal).ThenBy(type => type.Name, StringComparer.Ordinal);
        foreach (var type in all)
        {
            yield return (type.Group, type.Name, null, type.Name is "roles" or "clusterroles" ? [.. Verbs, "bind", "escalate"] : Verbs);
            foreach (var subresource in type.Subresources)
                yield return (type.Group, type.Name, subresource, ["get", "create", "update", "patch"]);
        }
        yield return ("metrics.k8s.io", "pods", null, ["get", "list"]);
        foreach (var who in (string[])["users", "groups", "serviceaccounts"])
            if (@namespace is null || who == "serviceaccounts")
                yield return ("", who, null, ["impersonate"]);
    }
}
