using System.Text;
using System.Threading.Channels;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes.Containers;


/// <summary>
/// A terminal between somebody who types and a program: it echoes, lets a line be edited until it is sent, turns line ends both ways, and
/// makes an interrupt of Ctrl-C and an end of input of Ctrl-D, as a pseudo-terminal and its line discipline do. While a
/// shell reads a command it also remembers lines (<see cref="History"/>).
/// </summary>
internal sealed class Terminal
{
    private const byte Escape = 0x1b;
    private const byte Delete = 0x7f;
    private const int LineBytesMax = 4096;

    private readonly Stream _typed;
    private readonly Stream _shown;
    private readonly Channel<byte[]> _lines = Channel.CreateUnbounded<byte[]>();
    private readonly List<byte> _line = [];
    private readonly List<byte> _sequence = [];
    private readonly List<Action> _effects = [];
    private int _cursor;
    private int _remembered;

    /// <summary>A terminal.</summary>
    /// <param name="typed">The keys, as they come.</param>
    /// <param name="shown">The screen.</param>
    public Terminal(Stream typed, Stream shown)
    {
        _typed = typed;
        _shown = shown;
        Input = new TerminalInput(this, _lines.Reader);
        Output = new TerminalOutput(this, shown);
    }

    /// <summary>What the program reads: whole lines, or every key where <see cref="IsCanonical"/> is off.</summary>
    public Stream Input { get; }

    /// <summary>Where the program writes, standard output and error alike.</summary>
    public Stream Output { get; }

    /// <summary>Columns and rows; 0 by 0 until somebody says.</summary>
    public TerminalSize Size { get; private set; }

    /// <summary>Called at Ctrl-C (SIGINT to the process in the foreground); null: nobody is to be interrupted.</summary>
    public Action? Interrupted { get; set; }

    /// <summary><c>stty icanon</c>: input comes by lines.</summary>
    public bool IsCanonical { get; set; } = true;

    /// <summary><c>stty echo</c>.</summary>
    public bool Echoes { get; set; } = true;

    /// <summary><c>stty isig</c>: Ctrl-C interrupts.</summary>
    public bool Signals { get; set; } = true;

    /// <summary><c>stty opost</c>: a line feed also returns to the first column.</summary>
    public bool TurnsLineEnds { get; set; } = true;

    /// <summary>Lines that the arrows bring back; null: they do not.</summary>
    public List<string>? History { get; set; }

    /// <summary>Takes keys until there are no more.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var buffer = new byte[4096];
        try
        {
            while (await _typed.ReadAsync(buffer, cancellation) is var count and > 0)
                await TakeAsync(buffer.AsMemory(0, count));
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or InvalidOperationException)
        {
            // Whoever typed has left.
        }
        finally
        {
            if (_line.Count > 0)
                _lines.Writer.TryWrite([.. _line]);
            _lines.Writer.TryComplete();
        }
    }

    /// <summary>Follows the size of whoever looks on.</summary>
    public async Task FollowAsync(IAsyncEnumerable<TerminalSize> sizes, CancellationToken cancellation)
    {
        try
        {
            await foreach (var size in sizes.WithCancellation(cancellation))
                Size = size;
        }
        catch (OperationCanceledException)
        {
            // Whoever looked on has left.
        }
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> keys)
    {
        var echo = new MemoryStream();
        for (var i = 0; i < keys.Length; i++)
            Take(keys.Span[i], echo);
        if (echo.Length > 0)
            await _shown.WriteAsync(echo.GetBuffer().AsMemory(0, (int)echo.Length), CancellationToken.None);
        // After the echo: what the program says to it comes below.
        foreach (var effect in _effects)
            effect();
        _effects.Clear();
    }

    private void Take(byte key, MemoryStream echo)
    {
        if (key == 3 && Signals)
        {
            (_cursor, _remembered) = (0, 0);
            _line.Clear();
            _sequence.Clear();
            Show(echo, "^C"u8);
            _effects.Add(() => Interrupted?.Invoke());
            return;
        }
        if (!IsCanonical)
        {
            Show(echo, [key]);
            Send([key]);
            return;
        }
        if (_sequence.Count > 0 || key == Escape)
        {
            Sequence(key, echo);
            return;
        }
        switch (key)
        {
            case (byte)'\r' or (byte)'\n':
                Show(echo, TurnsLineEnds ? "\r\n"u8 : "\n"u8);
                _line.Add((byte)'\n');
                SendLine();
                break;
            case 4: // Ctrl-D: what there is; with nothing, the end
                SendLine();
                break;
            case Delete or 8:
                Erase(echo, Back());
                break;
            case 21: // Ctrl-U
                Erase(echo, _cursor);
                break;
            case 23: // Ctrl-W
                Erase(echo, Word());
                break;
            case 1: // Ctrl-A
                Move(echo, -_cursor);
                break;
            case 5: // Ctrl-E
                Move(echo, _line.Count - _cursor);
                break;
            case < 32 and not 9:
                break;
            default:
                if (_line.Count < LineBytesMax)
                    Insert([key], echo);
                break;
        }
    }

    private void Sequence(byte key, MemoryStream echo)
    {
        _sequence.Add(key);
        if (_sequence.Count == 1 || (_sequence.Count == 2 && key is (byte)'[' or (byte)'O') || (_sequence.Count < 8 && key is < (byte)'@' and not Escape))
            return;
        _sequence.Clear();
        switch (key)
        {
            case (byte)'A':
                Remember(1, echo);
                break;
            case (byte)'B':
                Remember(-1, echo);
                break;
            case (byte)'C':
                Move(echo, Math.Min(1, _line.Count - _cursor));
                break;
            case (byte)'D':
                Move(echo, -Math.Min(1, _cursor));
                break;
            case (byte)'H':
                Move(echo, -_cursor);
                break;
            case (byte)'F':
                Move(echo, _line.Count - _cursor);
                break;
            default:
                break;
        }
    }

    private void Remember(int older, MemoryStream echo)
    {
        if (History is not { } history || _remembered + older < 0 || _remembered + older > history.Count)
            return;
        _remembered += older;
        Move(echo, _line.Count - _cursor);
        Erase(echo, _cursor);
        if (_remembered > 0)
            Insert(Encoding.UTF8.GetBytes(history[^_remembered]), echo);
    }

    private void Insert(ReadOnlySpan<byte> bytes, MemoryStream echo)
    {
        _line.InsertRange(_cursor, bytes);
        _cursor += bytes.Length;
        Show(echo, bytes);
        ShowRest(echo, 0);
    }

    private void Erase(MemoryStream echo, int count)
    {
        if (count == 0)
            return;
        var gone = _line.GetRange(_cursor - count, count);
        _line.RemoveRange(_cursor - count, count);
        _cursor -= count;
        var columns = gone.Count(StartsLetter);
        for (var i = 0; i < columns; i++)
            Show(echo, "\b"u8);
        ShowRest(echo, columns);
    }

    /// <summary>What stands right of the cursor once more, blanks over what was longer, and back.</summary>
    private void ShowRest(MemoryStream echo, int blanks)
    {
        var rest = _line.GetRange(_cursor, _line.Count - _cursor);
        if (rest.Count + blanks == 0)
            return;
        Show(echo, rest.ToArray());
        for (var i = 0; i < blanks; i++)
            Show(echo, " "u8);
        for (var i = rest.Count(StartsLetter) + blanks; i > 0; i--)
            Show(echo, "\b"u8);
    }

    private void Move(MemoryStream echo, int by)
    {
        for (; by < 0; by++)
        {
            _cursor--;
            Show(echo, "\b"u8);
        }
        if (by > 0)
            Show(echo, _line.GetRange(_cursor, by).ToArray());
        _cursor += by;
    }

    // A letter of several bytes is erased as one.
    private int Back()
    {
        var count = 0;
        while (count < _cursor && !StartsLetter(_line[_cursor - 1 - count]))
            count++;
        return Math.Min(_cursor, count + 1);
    }

    private int Word()
    {
        var at = _cursor;
        while (at > 0 && _line[at - 1] == ' ')
            at--;
        while (at > 0 && _line[at - 1] != ' ')
            at--;
        return _cursor - at;
    }

    private void SendLine()
    {
        Send([.. _line]);
        _line.Clear();
        (_cursor, _remembered) = (0, 0);
    }

    private void Send(byte[] bytes) => _effects.Add(() => _lines.Writer.TryWrite(bytes));

    private void Show(MemoryStream echo, ReadOnlySpan<byte> bytes)
    {
        if (Echoes)
            echo.Write(bytes);
    }

    private static bool StartsLetter(byte one) => (one & 0xC0) != 0x80;
}
