using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Orders the resources: as they came (<c>fifo</c>), or what others need first and what calls out last (<c>legacy</c>).</summary>
internal sealed class SortOrderTransformer : ITransformer
{
    /// <summary>The kinds that come first in the legacy order.</summary>
    public static readonly IReadOnlyList<string> DefaultOrderFirst =
    [
        "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy", "Role", "ClusterRole",
        "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service", "LimitRange", "PriorityClass", "PersistentVolume",
        "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget",
    ];

    /// <summary>The kinds that come last in the legacy order.</summary>
    public static readonly IReadOnlyList<string> DefaultOrderLast = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

    private readonly bool _isLegacy;
    private readonly IReadOnlyList<string> _first;
    private readonly IReadOnlyList<string> _last;

    private SortOrderTransformer(bool isLegacy, IReadOnlyList<string> first, IReadOnlyList<string> last)
    {
        _isLegacy = isLegacy;
        _first = first;
        _last = last;
    }

    /// <summary>The legacy order, which <c>kubectl kustomize</c> has where <c>sortOptions</c> is missing.</summary>
    public static SortOrderTransformer Legacy { get; } = new(true, DefaultOrderFirst, DefaultOrderLast);

    /// <summary>Reads <c>sortOptions</c>.</summary>
    public static SortOrderTransformer Configure(FieldReader options)
    {
        var order = options.Require("order", "legacySortOptions").Text("order");
        var legacy = options.Object("legacySortOptions")?.Require("orderFirst", "orderLast");
        return order switch
        {
            "fifo" when legacy is not null => throw options.Error("legacySortOptions", "order: legacy is expected beside it, found \"fifo\""),
            "fifo" => new SortOrderTransformer(false, [], []),
            "legacy" when legacy is null => Legacy,
            "legacy" => new SortOrderTransformer(true, legacy.Texts("orderFirst"), legacy.Texts("orderLast")),
            _ => throw options.Error("order", $"fifo or legacy is expected, found \"{order}\""),
        };
    }

    public void Transform(ResMap resources)
    {
        if (!_isLegacy)
            return;
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < _first.Count; i++)
            ranks[_first[i]] = i - _first.Count;
        for (var i = 0; i < _last.Count; i++)
            ranks[_last[i]] = i + 1;
        resources.Reorder(resources.Resources
            .Select(resource => (resource, Id: resource.CurrentId))
            .OrderBy(one => ranks.GetValueOrDefault(one.Id.Gvk.Kind))
            .ThenBy(one => $"{OrElse(one.Id.Gvk.Group, "~G")}_{OrElse(one.Id.Gvk.Version, "~V")}_{OrElse(one.Id.Gvk.Kind, "~K")}", StringComparer.Ordinal)
            .ThenBy(one => $"{one.Id.Gvk}|{OrElse(one.Id.Namespace, "~X")}|{OrElse(one.Id.Name, "~N")}", StringComparer.Ordinal)
            .Select(one => one.resource));
    }

    private static string OrElse(string text, string missing) => text.Length == 0 ? missing : text;
}
