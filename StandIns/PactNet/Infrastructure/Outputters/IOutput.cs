namespace PactNet.Infrastructure.Outputters;

/// <summary>Where logs and differences are written.</summary>
public interface IOutput
{
    /// <summary>Writes a line, or several at once.</summary>
    void WriteLine(string line);
}
