using System.Collections.Concurrent;
using System.Text.Json;
using ClusterSim.Access;
using ClusterSim.Machinery;
using ClusterSim.Schema;

namespace ClusterSim.Tests.Controllers;

/// <summary>
/// Allows what the roles every cluster starts with allow, and remembers what it refused: a controller that asks for more than its role
/// would not work on a real cluster.
/// </summary>
internal sealed class DefaultRoles : IAuthorizer
{
    private readonly Dictionary<string, List<JsonElement>> _rulesOfUser = new(StringComparer.Ordinal);

    public DefaultRoles()
    {
        using var stream = typeof(ResourceCatalog).Assembly.GetManifestResourceStream("default-access.json")!;
        using var document = JsonDocument.Parse(stream);
        var root = document.RootElement.Clone();
        var roles = root.At("clusterroles").Items().ToDictionary(role => role.At("metadata", "name").Text("")!, role => role.At("rules"), StringComparer.Ordinal);
        foreach (var binding in root.At("clusterrolebindings").Items())
            foreach (var subject in binding.At("subjects").Items())
            {
                var name = subject.At("kind").Text() == "ServiceAccount"
                    ? $"system:serviceaccount:{subject.At("namespace").Text()}:{subject.At("name").Text()}"
                    : subject.At("name").Text("");
                if (!_rulesOfUser.TryGetValue(name, out var rules))
                    _rulesOfUser[name] = rules = [];
                if (roles.TryGetValue(binding.At("roleRef", "name").Text(""), out var role))
                    rules.AddRange(role.Items());
            }
    }

    public ConcurrentBag<string> Refused { get; } = [];

    public bool IsAllowed(in AccessAttributes attributes, out string reason)
    {
        reason = "";
        if (attributes.User.Groups.Contains(UserInfo.Masters))
            return true;
        var resource = attributes.Subresource is null ? attributes.Resource!.Value.Resource : $"{attributes.Resource!.Value.Resource}/{attributes.Subresource}";
        var wild = attributes.Subresource is null ? "*" : $"*/{attributes.Subresource}";
        foreach (var rule in _rulesOfUser.GetValueOrDefault(attributes.User.Name) ?? [])
            if (Has(rule.At("verbs"), attributes.Verb, "*") && Has(rule.At("apiGroups"), attributes.Resource!.Value.Group, "*")
                && (Has(rule.At("resources"), resource, "*") || Has(rule.At("resources"), wild, wild)))
                return true;
        Refused.Add($"{attributes.User.Name} {attributes.Verb} {resource}.{attributes.Resource!.Value.Group}");
        return false;
    }

    private static bool Has(JsonElement list, string wanted, string any) => list.Items().Any(item => item.Text() == wanted || item.Text() == any);
}
