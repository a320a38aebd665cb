using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;

namespace ServiceDefaults.Data;

/// <summary>PostgreSQL's binary formats as JSON has them, written from bytes to bytes.</summary>
public ref struct RowText(Span<byte> to)
{
    private const int DigitsOfGroup = 4;
    private const int GroupBase = 10_000;
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    // What JSON, or the encoder that the rest of these services use, does not write as it is. (From 0x7f: the encoder's to judge.)
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7f - 0x20).Select(letter => (byte)letter).Where(letter => letter is not ((byte)'"' or (byte)'\\'))]);

    private readonly Span<byte> _to = to;

    /// <summary>How many bytes are written.</summary>
    public int Length { get; private set; }

    /// <summary>Room that a row's text takes at most, by the row's own size: each byte escaped, and the names.</summary>
    public static int BytesMax(CopiedRows rows) => (rows.RowBytes * 6) + 256;

    /// <summary>Writes bytes that are JSON already.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_to[Length..]);
        Length += bytes.Length;
    }

    /// <summary>Writes a <c>text</c> as a string, without its quotes.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        if (!text.ContainsAnyExcept(Plain))
        {
            Raw(text);
            return;
        }
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, _to[Length..], out _, out var written);
        Length += written;
    }

    /// <summary>Writes a <c>boolean</c>.</summary>
    public void Flag(ReadOnlySpan<byte> flag) => Raw(flag[0] == 0 ? "false"u8 : "true"u8);

    /// <summary>Writes a <c>numeric</c>, positive or zero.</summary>
    /// <param name="numeric">
    /// Its binary format (numeric_send): how many groups of four digits, the first group's weight, the sign, how many decimals, the groups.
    /// </param>
    /// <param name="decimals">With how many decimals; null: with its own. Those left out must be zeros.</param>
    public void Numeric(ReadOnlySpan<byte> numeric, int? decimals = null)
    {
        var groups = BinaryPrimitives.ReadInt16BigEndian(numeric);
        var weight = BinaryPrimitives.ReadInt16BigEndian(numeric[2..]);
        if (BinaryPrimitives.ReadUInt16BigEndian(numeric[4..]) != 0)
            throw new NotSupportedException("an amount of money is negative or no number");
        var scale = decimals ?? BinaryPrimitives.ReadUInt16BigEndian(numeric[6..]);
        var digits = numeric[8..];

        if (weight < 0)
            _to[Length++] = (byte)'0';
        for (var group = 0; group <= weight; group++)
        {
            Utf8Formatter.TryFormat(Group(digits, group, groups), _to[Length..], out var written, group == 0 ? default : new StandardFormat('D', DigitsOfGroup));
            Length += written;
        }
        if (scale == 0)
            return;
        _to[Length++] = (byte)'.';
        var left = scale;
        for (var group = weight + 1; left > 0; group++)
        {
            var value = Group(digits, group, groups);
            for (var divisor = GroupBase / 10; divisor > 0 && left > 0; divisor /= 10, left--)
                _to[Length++] = (byte)('0' + (value / divisor % 10));
        }
    }

    /// <summary>Writes a <c>timestamptz</c> as ISO 8601 in UTC, without trailing zeros, without its quotes.</summary>
    public void Time(ReadOnlySpan<byte> microseconds)
    {
        var time = Epoch.AddTicks(BinaryPrimitives.ReadInt64BigEndian(microseconds) * TimeSpan.TicksPerMicrosecond);
        Utf8Formatter.TryFormat(time, _to[Length..], out var written, 'O');
        // 2026-11-22T10:00:00.1200000Z
        var end = Length + written - 1;
        while (_to[end - 1] == '0')
            end--;
        if (_to[end - 1] == '.')
            end--;
        _to[end++] = (byte)'Z';
        Length = end;
    }

    private static int Group(ReadOnlySpan<byte> digits, int group, int groups) =>
        group >= 0 && group < groups ? BinaryPrimitives.ReadInt16BigEndian(digits[(group * 2)..]) : 0;
}
