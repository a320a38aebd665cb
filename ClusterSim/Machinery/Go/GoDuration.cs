using System.Buffers;
using System.Globalization;
using System.Text;

namespace ClusterSim.Machinery;

/// <summary>Durations as Go's <c>time</c> prints and reads them, since Kubernetes' messages contain them: <c>10s</c>, <c>1m20s</c>, <c>5m0s</c>, <c>1.5ms</c>.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads a duration (<c>time.ParseDuration</c>); <paramref name="complaint"/> is Go's error where it is none.</summary>
    public static bool TryParse(string text, out TimeSpan duration, out string complaint)
    {
        duration = default;
        complaint = $"time: invalid duration {GoText.Quote(text)}";
        var isNegative = text.StartsWith('-');
        var rest = text.AsSpan(isNegative || text.StartsWith('+') ? 1 : 0);
        if (rest is "0")
            return true;
        if (rest.IsEmpty)
            return false;
        var ticks = 0m;
        while (!rest.IsEmpty)
        {
            var length = rest.IndexOfAnyExcept(Digits);
            length = length < 0 ? rest.Length : length;
            // More digits than a decimal holds are more than the 292 years that Go's durations hold.
            if (length is 0 or > 28 || !decimal.TryParse(rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;
            rest = rest[length..];
            var next = rest.IndexOfAny(Digits);
            var unit = rest[..(next < 0 ? rest.Length : next)];
            rest = rest[unit.Length..];
            var scale = unit switch
            {
                "ns" => 0.01m,
                "us" or "µs" or "μs" => TimeSpan.TicksPerMicrosecond,
                "ms" => TimeSpan.TicksPerMillisecond,
                "s" => TimeSpan.TicksPerSecond,
                "m" => TimeSpan.TicksPerMinute,
                "h" => TimeSpan.TicksPerHour,
                _ => 0m,
            };
            if (scale == 0)
            {
                complaint = unit.IsEmpty
                    ? $"time: missing unit in duration {GoText.Quote(text)}"
                    : $"time: unknown unit {GoText.Quote(unit.ToString())} in duration {GoText.Quote(text)}";
                return false;
            }
            if (number > long.MaxValue / 100 / scale || (ticks += number * scale) > long.MaxValue / 100)
                return false;
        }
        duration = TimeSpan.FromTicks(isNegative ? -(long)ticks : (long)ticks);
        complaint = "";
        return true;
    }

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
