using System.Globalization;

namespace ClusterSim.Controllers.Jobs;

/// <summary>
/// A cron schedule as <c>robfig/cron</c>'s standard parser reads it: minute, hour, day of month, month, day of week, with lists, ranges, steps and
/// names; <c>@hourly</c>, <c>@daily</c>, <c>@weekly</c>, <c>@monthly</c>, <c>@yearly</c>, <c>@every 5m</c>. With both days restricted either is enough.
/// </summary>
internal sealed class CronSchedule
{
    // What never comes (30 February) is not looked for longer than this.
    private const int YearsMax = 5;
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly ulong _daysOfMonth;
    private readonly ulong _months;
    private readonly ulong _daysOfWeek;
    private readonly bool _anyDayOfMonth;
    private readonly bool _anyDayOfWeek;
    private readonly TimeSpan? _every;
    private readonly TimeZoneInfo _zone;

    private CronSchedule(TimeSpan every, TimeZoneInfo zone) => (_every, _zone) = (every, zone);

    private CronSchedule(string[] fields, TimeZoneInfo zone)
    {
        _zone = zone;
        (_minutes, _) = Field(fields[0], 0, 59, []);
        (_hours, _) = Field(fields[1], 0, 23, []);
        (_daysOfMonth, _anyDayOfMonth) = Field(fields[2], 1, 31, []);
        (_months, _) = Field(fields[3], 1, 12, Months);
        (_daysOfWeek, _anyDayOfWeek) = Field(fields[4], 0, 6, Days);
    }

    /// <summary>Reads a schedule, for a time zone (UTC where none is said).</summary>
    /// <exception cref="FormatException">It cannot be read, or the zone is unknown.</exception>
    public static CronSchedule Parse(string text, string? timeZone)
    {
        text = text.Trim();
        if (text.StartsWith("TZ=", StringComparison.Ordinal) || text.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            timeZone = text[(text.IndexOf('=', StringComparison.Ordinal) + 1)..(space < 0 ? text.Length : space)];
            text = space < 0 ? "" : text[space..].Trim();
        }
        TimeZoneInfo zone;
        try
        {
            zone = string.IsNullOrEmpty(timeZone) ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(timeZone);
        }
        catch (Exception unknown) when (unknown is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            throw new FormatException($"unknown time zone {timeZone}", unknown);
        }
        text = text switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => text,
        };
        if (text.StartsWith("@every ", StringComparison.Ordinal))
            return new CronSchedule(Duration(text[7..]), zone);
        var fields = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 5 ? new CronSchedule(fields, zone) : throw new FormatException($"expected exactly 5 fields, found {fields.Length}: [{string.Join(" ", fields)}]");
    }

    /// <summary>The first time after <paramref name="after"/>; null where none comes within five years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (_every is { } every)
            return new DateTimeOffset(after.UtcTicks - (after.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero) + every;
        // Local time goes minute by minute, whole days and hours at once where nothing can be.
        var local = TimeZoneInfo.ConvertTime(after, _zone).DateTime;
        local = new DateTime(local.Year, local.Month, local.Day, local.Hour, local.Minute, 0, DateTimeKind.Unspecified).AddMinutes(1);
        var limit = local.AddYears(YearsMax);
        while (local < limit)
        {
            if (!Has(_months, local.Month))
                local = new DateTime(local.Year, local.Month, 1, 0, 0, 0, DateTimeKind.Unspecified).AddMonths(1);
            else if (!IsDay(local))
                local = local.Date.AddDays(1);
            else if (!Has(_hours, local.Hour))
                local = local.Date.AddHours(local.Hour + 1);
            else if (!Has(_minutes, local.Minute) || _zone.IsInvalidTime(local))
                local = local.AddMinutes(1);
            else if (new DateTimeOffset(local, _zone.GetUtcOffset(local)) is var found && found > after)
                return found.ToUniversalTime();
            else
                local = local.AddMinutes(1);
        }
        return null;
    }

    private bool IsDay(DateTime local)
    {
        var ofMonth = Has(_daysOfMonth, local.Day);
        var ofWeek = Has(_daysOfWeek, (int)local.DayOfWeek);
        return _anyDayOfMonth || _anyDayOfWeek ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    private static bool Has(ulong bits, int value) => (bits & (1UL << value)) != 0;

    private static (ulong Bits, bool Any) Field(string field, int low, int high, string[] names)
    {
        ulong bits = 0;
        var any = false;
        foreach (var part in field.Split(','))
        {
            var stepped = part.Split('/');
            var ends = stepped[0].Split('-');
            if (stepped.Length > 2 || ends.Length > 2)
                throw new FormatException($"too many slashes or hyphens: {part}");
            int from;
            int to;
            if (ends[0] is "*" or "?")
            {
                (from, to) = (low, high);
                any |= stepped.Length == 1;
            }
            else
            {
                from = Number(ends[0], low, names);
                to = ends.Length == 2 ? Number(ends[1], low, names) : stepped.Length == 2 ? high : from;
            }
            var step = stepped.Length == 2 ? Number(stepped[1], 0, []) : 1;
            if (from < low || to > high || from > to || step == 0)
                throw new FormatException(from < low ? $"beginning of range ({from}) below minimum ({low}): {part}"
                    : to > high ? $"end of range ({to}) above maximum ({high}): {part}"
                    : step == 0 ? $"step of range should be a positive number: {part}"
                    : $"beginning of range ({from}) beyond end of range ({to}): {part}");
            for (var value = from; value <= to; value += step)
                bits |= 1UL << value;
        }
        return (bits, any);
    }

    private static int Number(string text, int low, string[] names)
    {
        var name = Array.FindIndex(names, one => one.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (name >= 0)
            return name + low;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"failed to parse int from {text}");
    }

    private static TimeSpan Duration(string text)
    {
        var total = TimeSpan.Zero;
        var at = 0;
        while (at < text.Length)
        {
            var digits = at;
            while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.'))
                digits++;
            var unit = digits;
            while (unit < text.Length && char.IsAsciiLetter(text[unit]))
                unit++;
            if (digits == at || !double.TryParse(text.AsSpan(at, digits - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                throw new FormatException($"failed to parse duration @every {text}");
            total += text[digits..unit] switch
            {
                "h" => TimeSpan.FromHours(number),
                "m" => TimeSpan.FromMinutes(number),
                "s" => TimeSpan.FromSeconds(number),
                "ms" => TimeSpan.FromMilliseconds(number),
                _ => throw new FormatException($"failed to parse duration @every {text}"),
            };
            at = unit;
        }
        return total < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(Math.Floor(total.TotalSeconds));
    }
}
