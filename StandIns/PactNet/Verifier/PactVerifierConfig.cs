using PactNet.Infrastructure.Outputters;

namespace PactNet.Verifier;

/// <summary>How a verifier reports.</summary>
public class PactVerifierConfig
{
    /// <summary>How much the core says.</summary>
    public PactLogLevel LogLevel { get; set; } = PactLogLevel.Information;

    /// <summary>Where the result and the differences go.</summary>
    public IEnumerable<IOutput> Outputters { get; set; } = [new ConsoleOutput()];

    /// <summary>Writes to all outputters.</summary>
    public void WriteLine(string line)
    {
        foreach (var output in Outputters)
            output.WriteLine(line);
    }
}
