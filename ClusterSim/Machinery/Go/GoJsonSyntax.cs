using System.Globalization;
using System.Text;

namespace ClusterSim.Machinery;

/// <summary>
/// Finds what Go's <c>encoding/json</c> says of malformed JSON. Only run on input another parser has refused: it is exact, not fast.
/// </summary>
internal static class GoJsonSyntax
{
    private const int DepthMax = 10_000;

    /// <summary>Go's complaint; null where Go finds nothing wrong.</summary>
    public static string? Complaint(ReadOnlySpan<byte> json)
    {
        var scan = new Scan(json);
        return scan.Run();
    }

    private ref struct Scan(ReadOnlySpan<byte> json)
    {
        private readonly ReadOnlySpan<byte> _json = json;
        private readonly Stack<byte> _open = new();
        private int _at;

        public string? Run()
        {
            if (Value() is { } early)
                return early;
            while (true)
            {
                Space();
                if (_open.Count == 0)
                    return _at == _json.Length ? null : Unexpected("after top-level value");
                if (_at == _json.Length)
                    return End;
                var closer = _open.Peek() == '{' ? '}' : ']';
                var next = _json[_at];
                if (next == closer)
                {
                    _at++;
                    _open.Pop();
                }
                else if (next != ',')
                {
                    return Unexpected(closer == '}' ? "after object key:value pair" : "after array element");
                }
                else
                {
                    _at++;
                    if (closer == '}' && Key(mayClose: false) is { } badKey)
                        return badKey;
                    if (Value() is { } badValue)
                        return badValue;
                }
            }
        }

        private const string End = "unexpected end of JSON input";

        // Reads one value, or opens containers down to the first scalar or empty container.
        private string? Value()
        {
            while (true)
            {
                Space();
                if (_at == _json.Length)
                    return End;
                switch (_json[_at])
                {
                    case (byte)'{':
                        _at++;
                        _open.Push((byte)'{');
                        if (_open.Count > DepthMax)
                            return "exceeded max depth";
                        if (Key(mayClose: true) is { } bad)
                            return bad;
                        if (_at > 0 && _json[_at - 1] == '}')
                            return null;
                        continue;
                    case (byte)'[':
                        _at++;
                        _open.Push((byte)'[');
                        if (_open.Count > DepthMax)
                            return "exceeded max depth";
                        Space();
                        if (_at < _json.Length && _json[_at] == ']')
                        {
                            _at++;
                            _open.Pop();
                            return null;
                        }
                        continue;
                    case (byte)'"':
                        return Text();
                    case (byte)'t':
                        return Literal("true");
                    case (byte)'f':
                        return Literal("false");
                    case (byte)'n':
                        return Literal("null");
                    case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                        return Number();
                    default:
                        return Unexpected("looking for beginning of value");
                }
            }
        }

        // Leaves _at behind the colon, or behind '}' where the object is empty.
        private string? Key(bool mayClose)
        {
            Space();
            if (_at == _json.Length)
                return End;
            if (mayClose && _json[_at] == '}')
            {
                _at++;
                _open.Pop();
                return null;
            }
            if (_json[_at] != '"')
                return Unexpected("looking for beginning of object key string");
            if (Text() is { } bad)
                return bad;
            Space();
            if (_at == _json.Length)
                return End;
            if (_json[_at] != ':')
                return Unexpected("after object key");
            _at++;
            return null;
        }

        private string? Text()
        {
            for (_at++; _at < _json.Length; _at++)
            {
                switch (_json[_at])
                {
                    case (byte)'"':
                        _at++;
                        return null;
                    case < 0x20:
                        return Unexpected("in string literal");
                    case (byte)'\\':
                        _at++;
                        if (_at == _json.Length)
                            return End;
                        if (_json[_at] == 'u')
                        {
                            for (var digit = 0; digit < 4; digit++)
                            {
                                _at++;
                                if (_at == _json.Length)
                                    return End;
                                if (!char.IsAsciiHexDigit((char)_json[_at]))
                                    return Unexpected("in \\u hexadecimal character escape");
                            }
                        }
                        else if (!"bfnrt\\/\"".Contains((char)_json[_at], StringComparison.Ordinal))
                        {
                            return Unexpected("in string escape code");
                        }
                        break;
                }
            }
            return End;
        }

        private string? Literal(string word)
        {
            foreach (var letter in word)
            {
                if (_at == _json.Length)
                    return End;
                if (_json[_at] != letter)
                    return Unexpected($"in literal {word} (expecting '{letter}')");
                _at++;
            }
            return null;
        }

        private string? Number()
        {
            if (_json[_at] == '-')
            {
                _at++;
                if (_at == _json.Length)
                    return End;
                if (!char.IsAsciiDigit((char)_json[_at]))
                    return Unexpected("in numeric literal");
            }
            if (_json[_at] == '0')
                _at++;
            else
                Digits();
            if (_at < _json.Length && _json[_at] == '.')
            {
                _at++;
                if (Digits("after decimal point in numeric literal") is { } bad)
                    return bad;
            }
            if (_at < _json.Length && _json[_at] is (byte)'e' or (byte)'E')
            {
                _at++;
                if (_at < _json.Length && _json[_at] is (byte)'+' or (byte)'-')
                    _at++;
                if (Digits("in exponent of numeric literal") is { } bad)
                    return bad;
            }
            return null;
        }

        private string? Digits(string? where = null)
        {
            if (_at == _json.Length)
                return End;
            if (where is not null && !char.IsAsciiDigit((char)_json[_at]))
                return Unexpected(where);
            while (_at < _json.Length && char.IsAsciiDigit((char)_json[_at]))
                _at++;
            return null;
        }

        private void Space()
        {
            while (_at < _json.Length && _json[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
                _at++;
        }

        private readonly string Unexpected(string where) => $"invalid character {Quote(_json[_at])} {where}";

        // Go quotes the byte as if it were a rune.
        private static string Quote(byte letter) => letter switch
        {
            (byte)'\'' => @"'\''",
            (byte)'"' => "'\"'",
            (byte)'\\' => @"'\\'",
            7 => @"'\a'",
            8 => @"'\b'",
            12 => @"'\f'",
            10 => @"'\n'",
            13 => @"'\r'",
            9 => @"'\t'",
            11 => @"'\v'",
            < 0x20 or 0x7f => $"'\\x{letter:x2}'",
            >= 0x80 and < 0xa1 or 0xad => $"'\\u{((int)letter).ToString("x4", CultureInfo.InvariantCulture)}'",
            _ => $"'{new Rune(letter)}'",
        };
    }
}
