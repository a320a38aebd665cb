using System.Text;

namespace ClusterSim.Nodes.Simulated;

/// <summary>Reads lines as they come, for programs that must not wait for the end of their input. The line under way counts against the program.</summary>
internal sealed class LineReader(Stream stream, Command command)
{
    private const int LinesPerTurn = 4096;

    private readonly byte[] _buffer = new byte[8192];
    private int _at;
    private int _count;
    private long _charged;
    private int _lines;

    /// <summary>Whether the last line that was read had an end.</summary>
    public bool HadEnd { get; private set; } = true;

    /// <summary>The next line without its end; null where there is none.</summary>
    public async ValueTask<string?> ReadAsync() => await ReadBytesAsync() is { } line ? Encoding.UTF8.GetString(line) : null;

    /// <summary>The bytes of the next line without its end; null where there is none.</summary>
    public async ValueTask<byte[]?> ReadBytesAsync()
    {
        if (++_lines % LinesPerTurn == 0)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            await Task.Yield(); // an endless stream of lines must not hold its thread for ever
        }
        command.Memory.Uncharge(_charged);
        _charged = 0;
        var line = new List<byte>();
        while (true)
        {
            if (_at == _count)
            {
                (_at, _count) = (0, stream is FileStream ? stream.Read(_buffer) : await stream.ReadAsync(_buffer, command.Process.Killed));
                if (_count == 0)
                {
                    HadEnd = false;
                    return line.Count == 0 ? null : [.. line];
                }
            }
            var end = Array.IndexOf(_buffer, (byte)'\n', _at, _count - _at);
            Charge((end < 0 ? _count : end) - _at, line.Count);
            line.AddRange(_buffer.AsSpan(_at, (end < 0 ? _count : end) - _at));
            _at = end < 0 ? _count : end + 1;
            if (end < 0)
                continue;
            HadEnd = true;
            return [.. line];
        }
    }

    private void Charge(int added, int before)
    {
        // A line that is in the buffer costs nothing more.
        if (before + added <= _buffer.Length)
            return;
        var needed = before + added - _charged;
        command.Memory.Charge(needed);
        _charged += needed;
    }

    /// <summary>All lines from here.</summary>
    public async IAsyncEnumerable<string> AllAsync()
    {
        while (await ReadAsync() is { } line)
            yield return line;
    }
}
