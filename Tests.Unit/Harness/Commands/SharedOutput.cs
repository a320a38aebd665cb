using System.Text;

namespace Harness.Tests.Commands;

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

    /// <summary>Waits until the command has written a text.</summary>
    public Task Says(string text) => Eventually.HoldsAsync(() => Task.FromResult(Text), written => written.Contains(text, StringComparison.Ordinal), $"the command writes '{text}'");
}
