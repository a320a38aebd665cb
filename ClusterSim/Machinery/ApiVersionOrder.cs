using System.Globalization;
using System.Text.RegularExpressions;

namespace ClusterSim.Machinery;

/// <summary>Kubernetes' order of API versions, least first: names that are none, then v1alpha1, v2alpha1, v1beta1, …, v1, v2 (<c>k8s.io/apimachinery/pkg/version</c>).</summary>
internal sealed partial class ApiVersionOrder : IComparer<string>
{
    /// <summary>The order.</summary>
    public static ApiVersionOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        var (one, other) = (Read(x ?? ""), Read(y ?? ""));
        var order = (one.Stability, one.Major, one.Minor).CompareTo((other.Stability, other.Major, other.Minor));
        // Among names that are no versions, the one that sorts first is preferred.
        return order != 0 ? order : string.CompareOrdinal(y, x);
    }

    private static (int Stability, long Major, long Minor) Read(string version)
    {
        var match = Version().Match(version);
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var major))
            return (0, 0, 0);
        var stability = match.Groups[2].Value switch
        {
            "" => 3,
            "beta" => 2,
            _ => 1,
        };
        return (stability, major, long.TryParse(match.Groups[3].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var minor) ? minor : 0);
    }

    [GeneratedRegex("^v([0-9]+)(?:(alpha|beta)([0-9]+))?$", RegexOptions.NonBacktracking)]
    private static partial Regex Version();
}
