namespace ClusterSim.Validation.Batch;

/// <summary>The names of time zones. Where the machine has no time zone database, a well-formed name is taken for one.</summary>
internal static class TimeZones
{
    /// <summary>Whether there is a zone of this name.</summary>
    public static bool IsKnown(string name) =>
        name is "UTC" or "" || TimeZoneInfo.TryFindSystemTimeZoneById(name, out _) || TimeZoneInfo.GetSystemTimeZones().Count <= 1;

    /// <summary>Checks a CronJob's time zone.</summary>
    public static void Validate(FieldErrors errors, string? zone, FieldPath path)
    {
        if (zone is null)
            return;
        if (zone.Length == 0)
        {
            errors.Invalid(path, zone, "timeZone must be nil or non-empty string");
            return;
        }
        foreach (var part in zone.Split('/'))
            if (part is "." or ".." || part.StartsWith('-') || part.Length is 0 or > 14
                || !part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or '+'))
            {
                errors.Invalid(path, zone, $"unknown time zone {zone}");
                return;
            }
        if (zone.Equals("Local", StringComparison.OrdinalIgnoreCase))
            errors.Invalid(path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        else if (!IsKnown(zone))
            errors.Invalid(path, zone, $"unknown time zone {zone}");
    }
}
