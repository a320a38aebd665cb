using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Scheduling.Framework;

/// <summary>Amounts of resources (<c>framework.Resource</c>): CPU in thousandths, memory and ephemeral storage in bytes, others in their own unit.</summary>
internal readonly record struct Resource(long MilliCpu, long Memory, long EphemeralStorage, ImmutableSortedDictionary<string, long> ScalarResources)
{
    /// <summary>No resources.</summary>
    public static Resource Zero { get; } = new(0, 0, 0, ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    /// <summary>Reads a <c>ResourceList</c>, except for <c>pods</c>.</summary>
    public static Resource Of(JsonElement list)
    {
        var amounts = Zero;
        foreach (var field in list.Fields())
        {
            if (!Quantity.TryParse(AmountText(field.Value), out var quantity, out _))
                continue;
            amounts = field.Name switch
            {
                "cpu" => amounts with { MilliCpu = quantity.MilliValue },
                "memory" => amounts with { Memory = quantity.Value },
                "ephemeral-storage" => amounts with { EphemeralStorage = quantity.Value },
                "pods" => amounts,
                var other => amounts with { ScalarResources = amounts.ScalarResources.SetItem(other, quantity.Value) },
            };
        }
        return amounts;
    }

    /// <summary>Adds each resource.</summary>
    public static Resource operator +(Resource a, Resource b) => new(
        a.MilliCpu + b.MilliCpu, a.Memory + b.Memory, a.EphemeralStorage + b.EphemeralStorage, Combine(a.ScalarResources, b.ScalarResources, static (x, y) => x + y));

    /// <summary>Subtracts each resource.</summary>
    public static Resource operator -(Resource a, Resource b) => new(
        a.MilliCpu - b.MilliCpu, a.Memory - b.Memory, a.EphemeralStorage - b.EphemeralStorage, Combine(a.ScalarResources, b.ScalarResources, static (x, y) => x - y));

    /// <summary>Returns the larger amount of each resource.</summary>
    public static Resource Max(Resource a, Resource b) => new(
        Math.Max(a.MilliCpu, b.MilliCpu), Math.Max(a.Memory, b.Memory), Math.Max(a.EphemeralStorage, b.EphemeralStorage), Combine(a.ScalarResources, b.ScalarResources, Math.Max));

    private static string AmountText(JsonElement value) => value.Text() ?? (value.Exists() ? value.GetRawText() : "0");

    private static ImmutableSortedDictionary<string, long> Combine(
        ImmutableSortedDictionary<string, long> a, ImmutableSortedDictionary<string, long> b, Func<long, long, long> combine)
    {
        if (b.IsEmpty)
            return a;
        foreach (var (name, value) in b)
            a = a.SetItem(name, combine(a.GetValueOrDefault(name), value));
        return a;
    }
}
