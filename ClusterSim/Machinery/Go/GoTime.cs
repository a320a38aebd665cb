using System.Globalization;

namespace ClusterSim.Machinery;

/// <summary>Times as Go writes and reads them, with its errors.</summary>
internal static class GoTime
{
    private const string Seconds = "2006-01-02T15:04:05Z07:00";
    private const string Micros = "2006-01-02T15:04:05.000000Z07:00";

    /// <summary>A time as a <c>metav1.Time</c> is written: RFC 3339 in UTC, whole seconds.</summary>
    public static string Stamp(this DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time as a <c>metav1.MicroTime</c> is written.</summary>
    public static string StampMicro(this DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time with nine digits behind the point, as the container runtime writes it into logs.</summary>
    public static string StampNano(this DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads RFC 3339; <paramref name="micro"/> wants six digits behind the point, as <c>metav1.MicroTime</c> does.</summary>
    /// <param name="text">What was sent.</param>
    /// <param name="micro">Whether it is a MicroTime.</param>
    /// <param name="complaint">Go's error where the result is null.</param>
    public static DateTimeOffset? Parse(string text, bool micro, out string? complaint)
    {
        var layout = micro ? Micros : Seconds;
        var at = 0;
        int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
        var ticks = 0L;
        var offset = TimeSpan.Zero;
        var expected = "";
        if (!Number(4, "2006", ref year) || !Mark('-', "-") || !Number(2, "01", ref month) || !Mark('-', "-") || !Number(2, "02", ref day)
            || !Mark('T', "T") || !Number(2, "15", ref hour) || !Mark(':', ":") || !Number(2, "04", ref minute) || !Mark(':', ":") || !Number(2, "05", ref second))
            return Fail(out complaint);
        if (micro || (at + 1 < text.Length && text[at] is '.' or ',' && char.IsAsciiDigit(text[at + 1])))
        {
            var end = at + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
                end++;
            if (micro && (at >= text.Length || text[at] != '.' || end - at - 1 < 6))
            {
                expected = ".000000";
                return Fail(out complaint);
            }
            ticks = long.Parse(text[(at + 1)..Math.Min(end, at + 8)].PadRight(7, '0'), CultureInfo.InvariantCulture);
            at = end;
        }
        if (at < text.Length && text[at] == 'Z')
        {
            at++;
        }
        else
        {
            expected = "Z07:00";
            if (text.Length - at < 6 || text[at] is not ('+' or '-') || text[at + 3] != ':'
                || !int.TryParse(text.AsSpan(at + 1, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
                || !int.TryParse(text.AsSpan(at + 4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
                return Fail(out complaint);
            if (hours > 24 || minutes >= 60)
                return OutOfRange("time zone offset hour", out complaint);
            offset = new TimeSpan(hours, minutes, 0) * (text[at] == '-' ? -1 : 1);
            at += 6;
        }
        if (month is < 1 or > 12)
            return OutOfRange("month", out complaint);
        if (at < text.Length)
        {
            complaint = $"parsing time \"{text}\": extra text: \"{text[at..]}\"";
            return null;
        }
        if (hour > 23)
            return OutOfRange("hour", out complaint);
        if (minute > 59)
            return OutOfRange("minute", out complaint);
        if (second > 59)
            return OutOfRange("second", out complaint);
        if (day < 1 || day > DateTime.DaysInMonth(Math.Max(year, 1), month))
            return OutOfRange("day", out complaint);
        complaint = null;
        // .NET has no year 0, and a zone may push year 1 or 9999 over the edge: Go takes both, nobody means them.
        var local = new DateTime(Math.Max(year, 1), month, day, hour, minute, second, DateTimeKind.Utc).Ticks + ticks - offset.Ticks;
        return new DateTimeOffset(Math.Clamp(local, 0, DateTime.MaxValue.Ticks), TimeSpan.Zero);

        bool Number(int digits, string element, ref int value)
        {
            expected = element;
            if (text.Length - at < digits || !int.TryParse(text.AsSpan(at, digits), NumberStyles.None, CultureInfo.InvariantCulture, out value))
                return false;
            at += digits;
            return true;
        }

        bool Mark(char mark, string element)
        {
            expected = element;
            if (at >= text.Length || text[at] != mark)
                return false;
            at++;
            return true;
        }

        DateTimeOffset? Fail(out string? said)
        {
            said = $"parsing time \"{text}\" as \"{layout}\": cannot parse \"{text[Math.Min(at, text.Length)..]}\" as \"{expected}\"";
            return null;
        }

        DateTimeOffset? OutOfRange(string what, out string? said)
        {
            said = $"parsing time \"{text}\": {what} out of range";
            return null;
        }
    }
}
