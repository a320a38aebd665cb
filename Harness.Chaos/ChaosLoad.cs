namespace Harness.Chaos;

/// <summary>
/// The load of a run as data. Implementations are immutable; <see cref="object.ToString"/> describes the load in a phrase, such as
/// <c>40 orders, 3 calls</c>.
/// </summary>
public abstract record ChaosLoad
{
    /// <summary>Writes the load as lines of a schedule file, one or more per field of <see cref="IChaosScenario.LoadFields"/>.</summary>
    public abstract string ToYaml();

    /// <summary>Returns smaller loads that might fail as well, those that remove most first; never an empty load.</summary>
    public abstract IEnumerable<ChaosLoad> Smaller();
}
