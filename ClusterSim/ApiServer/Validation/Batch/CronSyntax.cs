using System.Buffers;
using System.Globalization;

namespace ClusterSim.Validation.Batch;

/// <summary>The syntax of schedules, with the words of the parser Kubernetes uses (<c>robfig/cron</c>) about what is no schedule.</summary>
internal static class CronSyntax
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    // Minute, hour, day of the month, month, day of the week.
    private static readonly (int First, int Last, string[] Names, int FirstName)[] Fields =
    [
        (0, 59, [], 0), (0, 23, [], 0), (1, 31, [], 0), (1, 12, Months, 1), (0, 6, Days, 0),
    ];

    /// <summary>What is wrong with a schedule; null where nothing is.</summary>
    public static string? Fault(string schedule)
    {
        if (schedule.Length == 0)
            return "empty spec string";
        if (schedule.StartsWith("TZ=", StringComparison.Ordinal) || schedule.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            var space = schedule.IndexOf(' ', StringComparison.Ordinal);
            var zone = schedule[(schedule.IndexOf('=', StringComparison.Ordinal) + 1)..(space < 0 ? schedule.Length : space)];
            if (!TimeZones.IsKnown(zone))
                return $"provided bad location {zone}: unknown time zone {zone}";
            schedule = space < 0 ? "" : schedule[space..].Trim();
        }
        if (schedule.StartsWith('@'))
            return Descriptor(schedule);
        var fields = schedule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != Fields.Length)
            return $"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]";
        for (var i = 0; i < fields.Length; i++)
            foreach (var expression in fields[i].Split(',', StringSplitOptions.RemoveEmptyEntries))
                if (Range(expression, Fields[i]) is { } fault)
                    return fault;
        return null;
    }

    private static string? Descriptor(string schedule)
    {
        if (schedule is "@yearly" or "@annually" or "@monthly" or "@weekly" or "@daily" or "@midnight" or "@hourly")
            return null;
        const string Every = "@every ";
        if (!schedule.StartsWith(Every, StringComparison.Ordinal))
            return $"unrecognized descriptor: {schedule}";
        return IsDuration(schedule[Every.Length..])
            ? null
            : $"failed to parse duration {schedule}: time: invalid duration {GoText.Quote(schedule[Every.Length..])}";
    }

    private static string? Range(string expression, (int First, int Last, string[] Names, int FirstName) field)
    {
        var rangeAndStep = expression.Split('/');
        var ends = rangeAndStep[0].Split('-');
        int start, end;
        if (ends[0] is "*" or "?")
        {
            (start, end) = (field.First, field.Last);
        }
        else
        {
            if (Number(ends[0], field, out start) is { } fault)
                return fault;
            end = start;
            if (ends.Length == 2 && Number(ends[1], field, out end) is { } second)
                return second;
            if (ends.Length > 2)
                return $"too many hyphens: {expression}";
        }
        if (rangeAndStep.Length > 2)
            return $"too many slashes: {expression}";
        if (rangeAndStep.Length == 2)
        {
            if (Integer(rangeAndStep[1], out var step) is { } fault)
                return fault;
            // "N/step" means from N to the end.
            if (ends.Length == 1)
                end = field.Last;
            if (step == 0)
                return $"step of range should be a positive number: {expression}";
        }
        if (start < field.First)
            return $"beginning of range ({start}) below minimum ({field.First}): {expression}";
        if (end > field.Last)
            return $"end of range ({end}) above maximum ({field.Last}): {expression}";
        return start > end ? $"beginning of range ({start}) beyond end of range ({end}): {expression}" : null;
    }

    private static string? Number(string text, (int First, int Last, string[] Names, int FirstName) field, out int number)
    {
        var name = Array.IndexOf(field.Names, text.ToLowerInvariant());
        number = name + field.FirstName;
        return name >= 0 ? null : Integer(text, out number);
    }

    private static string? Integer(string text, out int number)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number))
            return $"failed to parse int from {text}: strconv.Atoi: parsing {GoText.Quote(text)}: invalid syntax";
        return number < 0 ? $"negative number ({number}) not allowed: {text}" : null;
    }

    // Go's durations: "1h30m".
    private static bool IsDuration(string text)
    {
        var rest = text.AsSpan().TrimStart("+-");
        if (rest.SequenceEqual("0"))
            return true;
        if (rest.Length == 0)
            return false;
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0)
                return false;
            rest = rest[digits..];
            var next = rest.IndexOfAny(Digits);
            var unit = next < 0 ? rest : rest[..next];
            if (!(unit is "ns" or "us" or "µs" or "ms" or "s" or "m" or "h"))
                return false;
            rest = rest[unit.Length..];
        }
        return true;
    }
}
