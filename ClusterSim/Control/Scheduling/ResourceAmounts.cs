using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Scheduling;

/// <summary>Amounts of resources: cpu in thousandths, memory and ephemeral storage in bytes, others in their own unit.</summary>
internal readonly record struct ResourceAmounts(long MilliCpu, long Memory, long EphemeralStorage, ImmutableSortedDictionary<string, long> Others)
{
    /// <summary>Nothing.</summary>
    public static ResourceAmounts Zero { get; } = new(0, 0, 0, ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    /// <summary>Reads a <c>ResourceList</c>; <c>pods</c> is not among it.</summary>
    public static ResourceAmounts Of(JsonElement list)
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
                var other => amounts with { Others = amounts.Others.SetItem(other, quantity.Value) },
            };
        }
        return amounts;
    }

    /// <summary>The sum.</summary>
    public static ResourceAmounts operator +(ResourceAmounts a, ResourceAmounts b) => new(
        a.MilliCpu + b.MilliCpu, a.Memory + b.Memory, a.EphemeralStorage + b.EphemeralStorage, Combine(a.Others, b.Others, static (x, y) => x + y));

    /// <summary>The difference.</summary>
    public static ResourceAmounts operator -(ResourceAmounts a, ResourceAmounts b) => new(
        a.MilliCpu - b.MilliCpu, a.Memory - b.Memory, a.EphemeralStorage - b.EphemeralStorage, Combine(a.Others, b.Others, static (x, y) => x - y));

    /// <summary>The larger of each.</summary>
    public static ResourceAmounts Max(ResourceAmounts a, ResourceAmounts b) => new(
        Math.Max(a.MilliCpu, b.MilliCpu), Math.Max(a.Memory, b.Memory), Math.Max(a.EphemeralStorage, b.EphemeralStorage), Combine(a.Others, b.Others, Math.Max));

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
