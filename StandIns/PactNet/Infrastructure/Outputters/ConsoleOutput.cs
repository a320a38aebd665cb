namespace PactNet.Infrastructure.Outputters;

/// <summary>Standard output.</summary>
public class ConsoleOutput : IOutput
{
    /// <inheritdoc/>
#pragma warning disable RS0030 // It is what the package's type of this name does.
    public void WriteLine(string line) => Console.WriteLine(line);
#pragma warning restore RS0030
}
