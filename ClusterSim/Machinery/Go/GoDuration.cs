using System.Globalization;
using System.Text;

namespace ClusterSim.Machinery;

/// <summary>Durations as Go prints them (<c>time.Duration.String</c>), since the kubelet's messages contain them: <c>10s</c>, <c>1m20s</c>, <c>5m0s</c>, <c>1.5ms</c>.</summary>
internal static class GoDuration
{
    /// <summary>The duration in Go's words.</summary>
    public static string ToGoString(this TimeSpan span)
    {
        if (span == TimeSpan.Zero)
            return "0s";
        if (span < TimeSpan.Zero)
            return "-" + (-span).ToGoString();
        if (span < TimeSpan.FromMilliseconds(1))
            return Number(span.TotalMicroseconds) + "µs";
        if (span < TimeSpan.FromSeconds(1))
            return Number(span.TotalMilliseconds) + "ms";
        var text = new StringBuilder();
        if (span.TotalHours >= 1)
            text.Append(CultureInfo.InvariantCulture, $"{(long)span.TotalHours}h");
        if (span.TotalMinutes >= 1)
            text.Append(CultureInfo.InvariantCulture, $"{span.Minutes}m");
        var seconds = (span.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond;
        return text.Append(seconds.ToString("0.#######", CultureInfo.InvariantCulture)).Append('s').ToString();
    }

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
