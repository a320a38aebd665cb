using System.Text.Json;
using ClusterSim.Objects;

namespace ClusterSim.Admission;

/// <summary>
/// What a pod asks for as a whole (<c>k8s.io/component-helpers/resource</c>): the sum of its containers and sidecars, or the most that any
/// init container needs beside the sidecars before it; with its overhead.
/// </summary>
internal static class PodResources
{
    /// <summary>Its requests.</summary>
    public static Dictionary<string, Quantity> Requests(JsonElement spec) => Of(spec, "requests");

    /// <summary>Its limits; overhead counts where a limit is set.</summary>
    public static Dictionary<string, Quantity> Limits(JsonElement spec) => Of(spec, "limits");

    /// <summary>A list of resources, read.</summary>
    public static Dictionary<string, Quantity> Read(JsonElement list)
    {
        var read = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var field in list.Fields())
            if (Quantity.TryParse(field.Value.ValueKind == JsonValueKind.Number ? field.Value.GetRawText() : field.Value.Text(""), out var quantity, out _))
                read[field.Name] = quantity;
        return read;
    }

    private static Dictionary<string, Quantity> Of(JsonElement spec, string which)
    {
        var total = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.VisitContainers(ContainerType.Containers))
            Add(total, Read(container.At("resources", which)));
        var sidecars = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var starting = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.VisitContainers(ContainerType.InitContainers))
        {
            var needs = Read(container.At("resources", which));
            if (container.IsRestartableInitContainer())
            {
                Add(total, needs);
                Add(sidecars, needs);
                needs = sidecars;
            }
            else
            {
                Add(needs, sidecars);
            }
            Max(starting, needs);
        }
        Max(total, starting);
        foreach (var (name, quantity) in Read(spec.At("overhead")))
            if (which == "requests" || total.ContainsKey(name))
                total[name] = total.TryGetValue(name, out var present) ? present + quantity : quantity;
        return total;
    }

    private static void Add(Dictionary<string, Quantity> total, Dictionary<string, Quantity> more)
    {
        foreach (var (name, quantity) in more)
            total[name] = total.TryGetValue(name, out var present) ? present + quantity : quantity;
    }

    private static void Max(Dictionary<string, Quantity> total, Dictionary<string, Quantity> other)
    {
        foreach (var (name, quantity) in other)
            if (!total.TryGetValue(name, out var present) || quantity > present)
                total[name] = quantity;
    }
}
