namespace ClusterSim.Machinery;

/// <summary>
/// A schedule of minutes, hours and days in a time zone (<c>robfig/cron</c>, <c>SpecSchedule</c>). With both the days of the month and the days
/// of the week restricted either is enough.
/// </summary>
internal sealed class SpecSchedule(CronField minutes, CronField hours, CronField daysOfMonth, CronField months, CronField daysOfWeek, TimeZoneInfo zone) : CronSchedule
{
    // What never comes (30 February) is not looked for longer than this.
    private const int YearsMax = 5;

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        // Local time goes minute by minute, whole days and hours at once where nothing can be.
        var local = TimeZoneInfo.ConvertTime(after, zone).DateTime;
        local = new DateTime(local.Year, local.Month, local.Day, local.Hour, local.Minute, 0, DateTimeKind.Unspecified).AddMinutes(1);
        var limit = local.AddYears(YearsMax);
        while (local < limit)
        {
            if (!months.Has(local.Month))
                local = new DateTime(local.Year, local.Month, 1, 0, 0, 0, DateTimeKind.Unspecified).AddMonths(1);
            else if (!IsDay(local))
                local = local.Date.AddDays(1);
            else if (!hours.Has(local.Hour))
                local = local.Date.AddHours(local.Hour + 1);
            else if (!minutes.Has(local.Minute) || zone.IsInvalidTime(local))
                local = local.AddMinutes(1);
            else if (new DateTimeOffset(local, zone.GetUtcOffset(local)) is var found && found > after)
                return found.ToUniversalTime();
            else
                local = local.AddMinutes(1);
        }
        return null;
    }

    private bool IsDay(DateTime local)
    {
        var ofMonth = daysOfMonth.Has(local.Day);
        var ofWeek = daysOfWeek.Has((int)local.DayOfWeek);
        return daysOfMonth.IsStar || daysOfWeek.IsStar ? ofMonth && ofWeek : ofMonth || ofWeek;
    }
}

/// <summary>The values that one field of a schedule allows.</summary>
/// <param name="Bits">A bit for each value.</param>
/// <param name="IsStar">Whether the field is not restricted.</param>
internal readonly record struct CronField(ulong Bits, bool IsStar)
{
    /// <summary>Whether a value is allowed.</summary>
    public bool Has(int value) => (Bits & (1UL << value)) != 0;
}
