using System.Globalization;

namespace ClusterSim.Machinery;

/// <summary>Durations as <c>kubectl get</c> prints ages (<c>k8s.io/apimachinery/pkg/util/duration.HumanDuration</c>).</summary>
internal static class HumanDuration
{
    /// <summary>Returns the duration in at most two units: <c>5s</c>, <c>2m30s</c>, <c>3h5m</c>, <c>2d</c>.</summary>
    public static string Of(TimeSpan duration)
    {
        // A clock a second ahead is taken for rounding; more is a mistake one should see.
        var seconds = (long)Math.Floor(duration.TotalSeconds);
        if (seconds < -1)
            return "<invalid>";
        if (seconds < 0)
            return "0s";
        if (seconds < 120)
            return Text($"{seconds}s");
        var minutes = seconds / 60;
        if (minutes < 10)
            return seconds % 60 == 0 ? Text($"{minutes}m") : Text($"{minutes}m{seconds % 60}s");
        if (minutes < 180)
            return Text($"{minutes}m");
        var hours = minutes / 60;
        if (hours < 8)
            return minutes % 60 == 0 ? Text($"{hours}h") : Text($"{hours}h{minutes % 60}m");
        if (hours < 48)
            return Text($"{hours}h");
        if (hours < 192)
            return hours % 24 == 0 ? Text($"{hours / 24}d") : Text($"{hours / 24}d{hours % 24}h");
        var days = hours / 24;
        if (days < 365 * 2)
            return Text($"{days}d");
        var years = days / 365;
        return years < 8 && days % 365 != 0 ? Text($"{years}y{days % 365}d") : Text($"{years}y");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
