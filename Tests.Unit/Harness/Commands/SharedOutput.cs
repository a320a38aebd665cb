using System.Text;

namespace Tests.Unit.Harness.Commands;

/// <summary>What a command has said so far, while it goes on.</summary>
internal sealed class SharedOutput : MemoryStream
{
    private readonly Lock _lock = new();

    public string Text
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(ToArray()); // which a disposed stream still does
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (_lock)
            base.Write(buffer, offset, count);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_lock)
            base.Write(buffer);
    }

    public async Task Says(string text)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!Text.Contains(text, StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, late.Token);
    }
}
