namespace ClusterSim.Machinery;

/// <summary>A schedule that repeats after a fixed delay (<c>@every 5m</c>; <c>robfig/cron</c>, <c>ConstantDelaySchedule</c>).</summary>
internal sealed class ConstantDelaySchedule : CronSchedule
{
    private readonly TimeSpan _delay;

    /// <summary>Rounds the delay down to whole seconds; one second is the least.</summary>
    public ConstantDelaySchedule(TimeSpan delay) => _delay = TimeSpan.FromSeconds(Math.Max(1, Math.Floor(delay.TotalSeconds)));

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after) =>
        new DateTimeOffset(after.UtcTicks - (after.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero) + _delay;
}
