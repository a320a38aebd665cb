namespace ClusterSim.Faults;

/// <summary>
/// How often a fault strikes among the occasions it has: not the first <see cref="Skip"/>, then by <see cref="Chance"/>, at most
/// <see cref="Count"/> times. The dice are the dose's own, so that the same seed gives the same strikes whatever else is diced.
/// </summary>
public sealed record Dose
{
    /// <summary>How often at most.</summary>
    public int Count { get; init; } = int.MaxValue;

    /// <summary>How many occasions pass first.</summary>
    public int Skip { get; init; }

    /// <summary>How likely each further one is struck: from 0 to 1.</summary>
    public double Chance { get; init; } = 1;

    /// <summary>The seed of its dice.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Always.</summary>
    public static Dose Always { get; } = new();

    /// <summary>The next <paramref name="count"/> times.</summary>
    public static Dose Times(int count) => new() { Count = count };

    /// <summary>A dose in use.</summary>
    internal sealed class Taken(Dose dose)
    {
        private readonly Lock _lock = new();
        private readonly Randomness? _dice = dose.Chance < 1 ? new Randomness(dose.Seed) : null;
        private int _skipped;
        private int _struck;

        /// <summary>An occasion; whether it is struck.</summary>
        public bool Strikes()
        {
            lock (_lock)
            {
                if (_struck >= dose.Count || _skipped++ < dose.Skip || _dice?.NextDouble() >= dose.Chance)
                    return false;
                _struck++;
                return true;
            }
        }
    }
}
