using System.Text;

namespace ClusterSim.Nodes.Simulated;

/// <summary>Reads lines as they come, for programs that must not wait for the end of their input.</summary>
internal sealed class LineReader(Stream stream, CancellationToken killed)
{
    private readonly byte[] _buffer = new byte[8192];
    private int _at;
    private int _count;

    /// <summary>Whether the last line that was read had an end.</summary>
    public bool HadEnd { get; private set; } = true;

    /// <summary>The next line without its end; null where there is none.</summary>
    public async ValueTask<string?> ReadAsync()
    {
        var line = new List<byte>();
        while (true)
        {
            if (_at == _count)
            {
                (_at, _count) = (0, stream is FileStream ? stream.Read(_buffer) : await stream.ReadAsync(_buffer, killed));
                if (_count == 0)
                {
                    HadEnd = false;
                    return line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]);
                }
            }
            var end = Array.IndexOf(_buffer, (byte)'\n', _at, _count - _at);
            line.AddRange(_buffer.AsSpan(_at, (end < 0 ? _count : end) - _at));
            _at = end < 0 ? _count : end + 1;
            if (end < 0)
                continue;
            HadEnd = true;
            return Encoding.UTF8.GetString([.. line]);
        }
    }

    /// <summary>All lines from here.</summary>
    public async IAsyncEnumerable<string> AllAsync()
    {
        while (await ReadAsync() is { } line)
            yield return line;
    }
}
