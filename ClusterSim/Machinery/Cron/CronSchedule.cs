namespace ClusterSim.Machinery;

/// <summary>A schedule (<c>robfig/cron</c>, <c>Schedule</c>), which <see cref="CronParser.ParseStandard"/> reads.</summary>
internal abstract class CronSchedule
{
    /// <summary>The first time after <paramref name="after"/>; null where none comes.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);
}
