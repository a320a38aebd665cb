using PactNet.Infrastructure.Outputters;

namespace Tests.Contract.Consumer;

/// <summary>Keeps what Pact says.</summary>
internal sealed class RecordedOutput : IOutput
{
    private readonly StringWriter _text = new();

    public string Text
    {
        get
        {
            lock (_text)
                return _text.ToString();
        }
    }

    public void WriteLine(string line)
    {
        lock (_text)
            _text.WriteLine(line);
    }
}
