using System.Text.Json;
using PactNet.Infrastructure.Outputters;

namespace PactNet;

/// <summary>How a pact is written.</summary>
public class PactConfig
{
    private string _pactDir = "";

    /// <summary>Defaults: a folder <c>pacts</c> three above the assembly's, the console, JSON as System.Text.Json writes it.</summary>
    public PactConfig() => PactDir = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "pacts"));

    /// <summary>The folder of the pact files; ends in a separator.</summary>
    public string PactDir
    {
        get => _pactDir;
        set => _pactDir = value.EndsWith('/') || value.EndsWith('\\') ? value : value + Path.DirectorySeparatorChar;
    }

    /// <summary>How much the core says.</summary>
    public PactLogLevel LogLevel { get; set; } = PactLogLevel.Information;

    /// <summary>Where logs and mismatches go.</summary>
    public IEnumerable<IOutput> Outputters { get; set; } = [new ConsoleOutput()];

    /// <summary>How bodies are written; not camel-cased by itself.</summary>
    public JsonSerializerOptions DefaultJsonSettings { get; set; } = new();

    /// <summary>Writes to all outputters.</summary>
    public void WriteLine(string line)
    {
        foreach (var output in Outputters)
            output.WriteLine(line);
    }
}
