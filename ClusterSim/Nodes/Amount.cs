using System.Globalization;

namespace ClusterSim.Nodes;

/// <summary>Reads Kubernetes' quantities (<c>100m</c>, <c>1Gi</c>) as numbers; validation has refused what is none.</summary>
internal static class Amount
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1000m), ("M", 1000000m), ("G", 1000000000m), ("T", 1000000000000m), ("P", 1000000000000000m),
    ];

    /// <summary>The number a quantity stands for.</summary>
    /// <exception cref="FormatException">It is no quantity.</exception>
    public static decimal Parse(string quantity)
    {
        foreach (var (suffix, factor) in Suffixes)
            if (quantity.EndsWith(suffix, StringComparison.Ordinal))
                return Number(quantity[..^suffix.Length]) * factor;
        return Number(quantity);
    }

    private static decimal Number(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"'{text}' is no quantity such as 100m, 1 or 1Gi");
}
