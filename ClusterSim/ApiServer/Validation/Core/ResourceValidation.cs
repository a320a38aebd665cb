using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of resource names and amounts: of containers, pods, quotas and limits.</summary>
internal static class ResourceValidation
{
    private static readonly HashSet<string> ContainerNames = new(["cpu", "memory", "ephemeral-storage"], StringComparer.Ordinal);

    private static readonly HashSet<string> QuotaNames = new(
    [
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage", "limits.cpu",
        "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims",
        "configmaps", "services.nodeports", "services.loadbalancers",
    ], StringComparer.Ordinal);

    private static readonly HashSet<string> StandardNames = new([.. QuotaNames, "storage"], StringComparer.Ordinal);

    private static readonly HashSet<string> WholeNames = new(
    [
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims", "services.nodeports",
        "services.loadbalancers",
    ], StringComparer.Ordinal);

    /// <summary>What a container asks for and may use.</summary>
    public static void Container(FieldErrors errors, JsonElement resources, JsonElement podClaims, FieldPath path)
    {
        if (resources.Count() == 0)
            return;
        Requirements(errors, resources, path, ContainerName);
        Claims(errors, resources.At("claims"), podClaims, path.Child("claims"));
    }

    /// <summary>What a pod as a whole asks for and may use.</summary>
    public static void PodLevel(FieldErrors errors, JsonElement resources, FieldPath path) => Requirements(errors, resources, path, PodName);

    /// <summary>What a claim asks for.</summary>
    public static void Limits(FieldErrors errors, JsonElement amounts, FieldPath path)
    {
        foreach (var amount in amounts.Fields())
        {
            ContainerName(errors, amount.Name, path.Key(amount.Name));
            AmountOf(errors, amount.Name, amount.Value, path.Key(amount.Name));
        }
    }

    /// <summary>The sum of what the regular containers ask for.</summary>
    public static string Sum(JsonElement spec, string name)
    {
        decimal sum = 0;
        string? only = null;
        foreach (var container in spec.At("containers").Items())
            if (container.At("resources", "requests", name) is var request && request.Exists())
            {
                only = sum == 0 ? Amount.Text(request) : null;
                sum += Amount.Of(request);
            }
        return only ?? (decimal.IsInteger(sum) ? sum.ToString("0") : (sum * 1000).ToString("0") + "m");
    }

    /// <summary>A resource in a container.</summary>
    public static void ContainerName(FieldErrors errors, string name, FieldPath path)
    {
        var before = errors.Count;
        Name(errors, name, path);
        if (!name.Contains('/', StringComparison.Ordinal))
        {
            if (!ContainerNames.Contains(name) && !IsHugePages(name))
                errors.Invalid(path, name, "must be a standard resource for containers");
        }
        else if (before == errors.Count && !name.Contains("kubernetes.io/", StringComparison.Ordinal) && !IsExtended(name))
        {
            errors.Invalid(path, name, "doesn't follow extended resource name standard");
        }
    }

    /// <summary>A resource a quota may count.</summary>
    public static void QuotaName(FieldErrors errors, string name, FieldPath path)
    {
        Name(errors, name, path);
        if (!name.Contains('/', StringComparison.Ordinal) && !QuotaNames.Contains(name) && !name.StartsWith("requests.hugepages-", StringComparison.Ordinal)
            && !IsHugePages(name))
            errors.Invalid(path, name, "must be a standard resource for quota");
    }

    /// <summary>Whether quotas know the resource themselves.</summary>
    public static bool IsStandardQuotaName(string name) => QuotaNames.Contains(name);

    /// <summary>Any resource.</summary>
    public static void Name(FieldErrors errors, string name, FieldPath path)
    {
        var messages = NameRules.QualifiedName(name);
        errors.InvalidEach(path, name, messages);
        if (messages.Count == 0 && !name.Contains('/', StringComparison.Ordinal) && !StandardNames.Contains(name) && !IsHugePages(name)
            && !name.StartsWith("requests.hugepages-", StringComparison.Ordinal))
            errors.Invalid(path, name, "must be a standard resource type or fully qualified");
    }

    /// <summary>How much of a resource.</summary>
    public static void AmountOf(FieldErrors errors, string name, JsonElement amount, FieldPath path)
    {
        if (Amount.Of(amount) < 0)
            errors.Invalid(path, Amount.Text(amount), NumberRules.Negative);
        if ((WholeNames.Contains(name) || IsExtended(name)) && !Amount.IsWhole(amount))
            errors.Invalid(path, amount, "must be an integer");
    }

    /// <summary>Whether more may be promised than there is.</summary>
    public static bool IsOvercommitAllowed(string name) =>
        (!name.Contains('/', StringComparison.Ordinal) || name.Contains("kubernetes.io/", StringComparison.Ordinal)) && !IsHugePages(name);

    private static void PodName(FieldErrors errors, string name, FieldPath path)
    {
        var before = errors.Count;
        Name(errors, name, path);
        if (before == errors.Count && name is not ("cpu" or "memory") && !IsHugePages(name))
            errors.NotSupported(path, name, "cpu", "hugepages-", "memory");
    }

    private static void Requirements(FieldErrors errors, JsonElement resources, FieldPath path, Action<FieldErrors, string, FieldPath> nameRule)
    {
        var limits = resources.At("limits");
        var requests = resources.At("requests");
        var (huge, compute) = (false, false);
        foreach (var limit in limits.Fields())
        {
            var at = path.Child("limits").Key(limit.Name);
            nameRule(errors, limit.Name, at);
            AmountOf(errors, limit.Name, limit.Value, at);
            huge |= IsHugePages(limit.Name);
            compute |= limit.Name is "cpu" or "memory";
        }
        foreach (var request in requests.Fields())
        {
            var (name, amount) = (request.Name, request.Value);
            var at = path.Child("requests").Key(name);
            nameRule(errors, name, at);
            AmountOf(errors, name, amount, at);
            huge |= IsHugePages(name);
            compute |= name is "cpu" or "memory";
            var limit = limits.At(name);
            if (!limit.Exists())
            {
                if (!IsOvercommitAllowed(name))
                    errors.Required(path.Child("limits"), "Limit must be set for non overcommitable resources");
            }
            else if (!IsOvercommitAllowed(name) && Amount.Of(amount) != Amount.Of(limit))
            {
                errors.Invalid(path.Child("requests"), Amount.Text(amount), $"must be equal to {name} limit of {Amount.Text(limit)}");
            }
            else if (Amount.Of(amount) > Amount.Of(limit))
            {
                errors.Invalid(path.Child("requests"), Amount.Text(amount), $"must be less than or equal to {name} limit of {Amount.Text(limit)}");
            }
        }
        if (huge && !compute)
            errors.Forbidden(path, "HugePages require cpu or memory");
    }

    private static void Claims(FieldErrors errors, JsonElement claims, JsonElement podClaims, FieldPath path)
    {
        if (claims.Count() == 0)
            return;
        var known = podClaims.Items().Select(claim => claim.At("name").Text("")).Where(name => name.Length > 0)
            .Order(StringComparer.Ordinal).ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var claim in claims.Items())
        {
            var at = path.Index(index++);
            var name = claim.At("name").Text("");
            if (name.Length == 0)
            {
                errors.Required(at);
                continue;
            }
            var request = claim.At("request").Text("");
            if (request.Length > 0)
                errors.InvalidEach(at.Child("request"), request, NameRules.DnsLabel(request));
            var key = request.Length > 0 ? $"{name}/{request}" : name;
            if (seen.Contains(name) || !seen.Add(key))
                errors.Duplicate(at, key);
            if (!known.Contains(name))
                errors.NotFound(at, name, "must be one of the names in pod.spec.resourceClaims"
                    + (known.Count == 0 ? " which is empty" : ": " + string.Join(", ", known)));
        }
    }

    private static bool IsHugePages(string name) => name.StartsWith("hugepages-", StringComparison.Ordinal);

    private static bool IsExtended(string name) =>
        name.Contains('/', StringComparison.Ordinal) && !name.Contains("kubernetes.io/", StringComparison.Ordinal)
        && !name.StartsWith("requests.", StringComparison.Ordinal) && NameRules.QualifiedName("requests." + name).Count == 0;
}
