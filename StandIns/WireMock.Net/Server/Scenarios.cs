namespace WireMock.Server;

/// <summary>Where each scenario is. A step is taken as soon as a request has matched, before its answer is given.</summary>
internal sealed class Scenarios
{
    private readonly Dictionary<string, (string? State, int Times)> _states = new(StringComparer.Ordinal);

    internal bool Allows(Mapping mapping) => mapping.Scenario is null || _states.GetValueOrDefault(mapping.Scenario).State == mapping.RequiredState;

    internal void Step(Mapping mapping)
    {
        if (mapping.Scenario is null)
            return;
        var (state, times) = _states.GetValueOrDefault(mapping.Scenario);
        _states[mapping.Scenario] = times + 1 == mapping.TimesInState ? (mapping.NextState, 0) : (state, times + 1);
    }

    internal void SetState(string scenario, string? state) => _states[scenario] = (state, 0);

    internal bool Reset(string scenario) => _states.Remove(scenario);

    internal void Reset() => _states.Clear();
}
