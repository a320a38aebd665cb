using System.Globalization;

namespace ClusterSim.Machinery;

/// <summary>Reads the schedules of CronJobs as <c>robfig/cron</c> does, with its errors.</summary>
internal static class CronParser
{
    private const string Every = "@every ";
    private static readonly Bounds Minutes = new(0, 59);
    private static readonly Bounds Hours = new(0, 23);
    private static readonly Bounds DaysOfMonth = new(1, 31);
    private static readonly Bounds Months = new(1, 12, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static readonly Bounds DaysOfWeek = new(0, 6, "sun", "mon", "tue", "wed", "thu", "fri", "sat");

    /// <summary>
    /// Reads a schedule: minute, hour, day of month, month, day of week, with lists, ranges, steps and names; or <c>@hourly</c>,
    /// <c>@daily</c>, <c>@weekly</c>, <c>@monthly</c>, <c>@yearly</c>, <c>@every 5m</c>.
    /// </summary>
    /// <param name="spec">The schedule. <c>TZ=</c> or <c>CRON_TZ=</c> in front of it sets a time zone.</param>
    /// <param name="zone">The time zone where the schedule names none; UTC where this is null.</param>
    /// <exception cref="FormatException">It is no schedule.</exception>
    public static CronSchedule ParseStandard(string spec, TimeZoneInfo? zone = null)
    {
        if (spec.Length == 0)
            throw new FormatException("empty spec string");
        zone ??= TimeZoneInfo.Utc;
        if (spec.StartsWith("TZ=", StringComparison.Ordinal) || spec.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            var space = spec.IndexOf(' ', StringComparison.Ordinal);
            var name = spec[(spec.IndexOf('=', StringComparison.Ordinal) + 1)..(space < 0 ? spec.Length : space)];
            zone = name.Length == 0 ? TimeZoneInfo.Utc
                : TimeZoneInfo.TryFindSystemTimeZoneById(name, out var found) ? found
                : throw new FormatException($"provided bad location {name}: unknown time zone {name}");
            spec = space < 0 ? "" : spec[space..].Trim();
        }
        if (spec.StartsWith('@'))
            return Descriptor(spec, zone);
        var fields = spec.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return fields is [var minute, var hour, var dayOfMonth, var month, var dayOfWeek]
            ? new SpecSchedule(Field(minute, Minutes), Field(hour, Hours), Field(dayOfMonth, DaysOfMonth), Field(month, Months), Field(dayOfWeek, DaysOfWeek), zone)
            : throw new FormatException($"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]");
    }

    private static CronSchedule Descriptor(string spec, TimeZoneInfo zone)
    {
        switch (spec)
        {
            case "@yearly" or "@annually":
                return ParseStandard("0 0 1 1 *", zone);
            case "@monthly":
                return ParseStandard("0 0 1 * *", zone);
            case "@weekly":
                return ParseStandard("0 0 * * 0", zone);
            case "@daily" or "@midnight":
                return ParseStandard("0 0 * * *", zone);
            case "@hourly":
                return ParseStandard("0 * * * *", zone);
        }
        if (!spec.StartsWith(Every, StringComparison.Ordinal))
            throw new FormatException($"unrecognized descriptor: {spec}");
        return GoDuration.TryParse(spec[Every.Length..], out var delay, out var complaint)
            ? new ConstantDelaySchedule(delay)
            : throw new FormatException($"failed to parse duration {spec}: {complaint}");
    }

    private static CronField Field(string field, Bounds bounds)
    {
        var values = new CronField(0, false);
        foreach (var expression in field.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var (bits, isStar) = Range(expression, bounds);
            values = new CronField(values.Bits | bits, values.IsStar || isStar);
        }
        return values;
    }

    private static CronField Range(string expression, Bounds bounds)
    {
        var rangeAndStep = expression.Split('/');
        var lowAndHigh = rangeAndStep[0].Split('-');
        var isStar = lowAndHigh[0] is "*" or "?";
        int start, end;
        if (isStar)
        {
            (start, end) = (bounds.Min, bounds.Max);
        }
        else
        {
            start = IntegerOrName(lowAndHigh[0], bounds);
            end = lowAndHigh.Length switch
            {
                1 => start,
                2 => IntegerOrName(lowAndHigh[1], bounds),
                _ => throw new FormatException($"too many hyphens: {expression}"),
            };
        }
        var step = 1;
        if (rangeAndStep.Length > 2)
            throw new FormatException($"too many slashes: {expression}");
        if (rangeAndStep.Length == 2)
        {
            step = Integer(rangeAndStep[1]);
            // "N/step" means "N-max/step".
            if (lowAndHigh.Length == 1)
                end = bounds.Max;
            isStar &= step <= 1;
        }
        if (start < bounds.Min)
            throw new FormatException($"beginning of range ({start}) below minimum ({bounds.Min}): {expression}");
        if (end > bounds.Max)
            throw new FormatException($"end of range ({end}) above maximum ({bounds.Max}): {expression}");
        if (start > end)
            throw new FormatException($"beginning of range ({start}) beyond end of range ({end}): {expression}");
        if (step == 0)
            throw new FormatException($"step of range should be a positive number: {expression}");
        ulong bits = 0;
        for (var value = (long)start; value <= end; value += step)
            bits |= 1UL << (int)value;
        return new CronField(bits, isStar);
    }

    private static int IntegerOrName(string text, Bounds bounds)
    {
        var name = Array.FindIndex(bounds.Names, one => one.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name >= 0 ? name + bounds.Min : Integer(text);
    }

    private static int Integer(string text)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw new FormatException($"failed to parse int from {text}: strconv.Atoi: parsing {GoText.Quote(text)}: invalid syntax");
        return number >= 0 ? number : throw new FormatException($"negative number ({number}) not allowed: {text}");
    }

    /// <summary>The values a field may have, and their names in order.</summary>
    private sealed record Bounds(int Min, int Max, params string[] Names);
}
