using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Access.Rbac;

/// <summary>
/// One rule of a role, read once: <c>rbac/v1.PolicyRule</c>. What it matches is <c>pkg/apis/rbac/v1/evaluation_helpers.go</c>.
/// </summary>
internal sealed record PolicyRule(
    ImmutableArray<string> Verbs, ImmutableArray<string> ApiGroups, ImmutableArray<string> Resources,
    ImmutableArray<string> ResourceNames, ImmutableArray<string> NonResourceUrls)
{
    private const string All = "*";

    /// <summary>Everything on every resource.</summary>
    public static PolicyRule Everything { get; } = new([All], [All], [All], [], []);

    /// <summary>Everything on every path that is no resource.</summary>
    public static PolicyRule EveryPath { get; } = new([All], [], [], [], [All]);

    /// <summary>Reads the rules of a Role or ClusterRole.</summary>
    public static ImmutableArray<PolicyRule> ListOf(JsonElement rules) => [.. rules.Items().Select(Of)];

    /// <summary>Reads one rule.</summary>
    public static PolicyRule Of(JsonElement rule) => new(
        Texts(rule.At("verbs")), Texts(rule.At("apiGroups")), Texts(rule.At("resources")), Texts(rule.At("resourceNames")), Texts(rule.At("nonResourceURLs")));

    /// <summary>Whether it allows what is asked.</summary>
    public bool Allows(in AccessAttributes asked)
    {
        if (!Has(Verbs, asked.Verb))
            return false;
        if (asked.Resource is not { } resource)
            return AllowsPath(asked.Path ?? "");
        return Has(ApiGroups, resource.Group)
            && AllowsResource(resource.Resource, asked.Subresource)
            && (ResourceNames.IsEmpty || (asked.Name is { } name && ResourceNames.Contains(name)));
    }

    /// <summary>The rule taken apart: one verb, one group, one resource and one name (or path) each.</summary>
    public IEnumerable<PolicyRule> BreakDown()
    {
        foreach (var verb in Verbs)
        {
            foreach (var group in ApiGroups)
                foreach (var resource in Resources)
                {
                    if (ResourceNames.IsEmpty)
                        yield return new([verb], [group], [resource], [], []);
                    foreach (var name in ResourceNames)
                        yield return new([verb], [group], [resource], [name], []);
                }
            foreach (var path in NonResourceUrls)
                yield return new([verb], [], [], [], [path]);
        }
    }

    /// <summary>Whether it grants all that a rule taken apart (<see cref="BreakDown"/>) grants.</summary>
    public bool Covers(PolicyRule single)
    {
        if (!Has(Verbs, single.Verbs[0]))
            return false;
        if (single.NonResourceUrls is [var path])
            return NonResourceUrls.Any(mine => mine == path || (mine.EndsWith('*') && path.StartsWith(mine[..^1], StringComparison.Ordinal)));
        var (resource, subresource) = Split(single.Resources[0]);
        return Has(ApiGroups, single.ApiGroups[0])
            && (Resources.Contains(All) || Resources.Contains(single.Resources[0]) || (subresource is not null && resource != All && Resources.Contains($"*/{subresource}")))
            && (ResourceNames.IsEmpty || (single.ResourceNames is [var name] && ResourceNames.Contains(name)));
    }

    /// <summary>As an object.</summary>
    public JsonObject ToJson()
    {
        var rule = new JsonObject { ["verbs"] = Array(Verbs) };
        if (!ApiGroups.IsEmpty)
            rule["apiGroups"] = Array(ApiGroups);
        if (!Resources.IsEmpty)
            rule["resources"] = Array(Resources);
        if (!ResourceNames.IsEmpty)
            rule["resourceNames"] = Array(ResourceNames);
        if (!NonResourceUrls.IsEmpty)
            rule["nonResourceURLs"] = Array(NonResourceUrls);
        return rule;
    }

    /// <summary>In the words of an escalation's refusal: <c>{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}</c>.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        Add("APIGroups", ApiGroups);
        Add("Resources", Resources);
        Add("NonResourceURLs", NonResourceUrls);
        Add("ResourceNames", ResourceNames);
        Add("Verbs", Verbs);
        return $"{{{string.Join(", ", parts)}}}";

        void Add(string name, ImmutableArray<string> values)
        {
            if (!values.IsEmpty)
                parts.Add($"{name}:{GoText.QuoteList(values)}");
        }
    }

    /// <inheritdoc/>
    public bool Equals(PolicyRule? other) =>
        other is not null && Verbs.SequenceEqual(other.Verbs) && ApiGroups.SequenceEqual(other.ApiGroups) && Resources.SequenceEqual(other.Resources)
        && ResourceNames.SequenceEqual(other.ResourceNames) && NonResourceUrls.SequenceEqual(other.NonResourceUrls);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var part in (ReadOnlySpan<ImmutableArray<string>>)[Verbs, ApiGroups, Resources, ResourceNames, NonResourceUrls])
        {
            foreach (var text in part)
                hash.Add(text, StringComparer.Ordinal);
            hash.Add(part.Length);
        }
        return hash.ToHashCode();
    }

    private bool AllowsResource(string resource, string? subresource)
    {
        foreach (var mine in Resources)
        {
            if (mine == All)
                return true;
            if (subresource is null)
            {
                if (mine == resource)
                    return true;
                continue;
            }
            var slash = mine.Length - subresource.Length - 1;
            if (slash > 0 && mine[slash] == '/' && mine.AsSpan(slash + 1).SequenceEqual(subresource)
                && (mine.AsSpan(0, slash) is "*" || mine.AsSpan(0, slash).SequenceEqual(resource)))
                return true;
        }
        return false;
    }

    private bool AllowsPath(string path)
    {
        foreach (var mine in NonResourceUrls)
            if (mine == path || (mine.EndsWith('*') && path.AsSpan().StartsWith(mine.AsSpan(0, mine.Length - 1), StringComparison.Ordinal)))
                return true;
        return false;
    }

    private static bool Has(ImmutableArray<string> values, string wanted)
    {
        foreach (var value in values)
            if (value == All || value == wanted)
                return true;
        return false;
    }

    private static (string Resource, string? Subresource) Split(string resource)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (resource, null) : (resource[..slash], resource[(slash + 1)..]);
    }

    private static ImmutableArray<string> Texts(JsonElement array) => [.. array.Items().Select(item => item.Text(""))];

    private static JsonArray Array(ImmutableArray<string> values) => new([.. values.Select(value => (JsonNode)value)]);
}
