using System.Globalization;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary><c>$((…))</c>: whole numbers, variables, + - * / %, comparisons, parentheses, ?:, = += -= ++ --.</summary>
internal sealed class ShellArithmetic(string text, Func<string, string> variable, Action<string, string>? assign = null)
{
    private static readonly string[][] Levels = [["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"]];

    private static readonly string[] Assignments = ["+=", "-=", "*=", "++", "--", "="];

    private int _at;

    /// <summary>The value.</summary>
    /// <exception cref="ShellSyntaxException">It is no expression.</exception>
    public long Evaluate()
    {
        if (string.IsNullOrWhiteSpace(text))
            return 0;
        var value = Whole();
        Blanks();
        return _at == text.Length ? value : throw new ShellSyntaxException($"arithmetic syntax error in '{text}'");
    }

    /// <summary>An assignment or a choice.</summary>
    private long Whole()
    {
        Blanks();
        var start = _at;
        if (assign is not null && Name() is { Length: > 0 } name)
        {
            Blanks();
            var sign = Array.Find(Assignments, one => string.CompareOrdinal(text, _at, one, 0, one.Length) == 0);
            if (sign is not null && !(sign == "=" && _at + 1 < text.Length && text[_at + 1] == '='))
            {
                _at += sign.Length;
                var before = Number(variable(name));
                var value = sign switch { "=" => Whole(), "+=" => before + Whole(), "-=" => before - Whole(), "*=" => before * Whole(), "++" => before + 1, _ => before - 1 };
                assign(name, value.ToString(CultureInfo.InvariantCulture));
                return sign is "++" or "--" ? before : value;
            }
        }
        _at = start;
        var condition = Binary(0);
        Blanks();
        if (_at >= text.Length || text[_at] != '?')
            return condition;
        _at++;
        var then = Whole();
        Blanks();
        if (_at >= text.Length || text[_at++] != ':')
            throw new ShellSyntaxException($"arithmetic syntax error in '{text}'");
        var otherwise = Whole();
        return condition != 0 ? then : otherwise;
    }

    private string Name()
    {
        var start = _at;
        while (_at < text.Length && (char.IsAsciiLetter(text[_at]) || text[_at] == '_' || (_at > start && char.IsAsciiDigit(text[_at]))))
            _at++;
        return text[start.._at];
    }

    private long Binary(int level)
    {
        if (level == Levels.Length)
            return Unary();
        var left = Binary(level + 1);
        while (true)
        {
            Blanks();
            var found = Array.Find(Levels[level], one => string.CompareOrdinal(text, _at, one, 0, one.Length) == 0);
            if (found is null)
                return left;
            _at += found.Length;
            var right = Binary(level + 1);
            left = found switch
            {
                "+" => left + right,
                "-" => left - right,
                "*" => left * right,
                "/" or "%" when right == 0 => throw new ShellSyntaxException("divide by zero"),
                "/" => left / right,
                "%" => left % right,
                "==" => left == right ? 1 : 0,
                "!=" => left != right ? 1 : 0,
                "<=" => left <= right ? 1 : 0,
                ">=" => left >= right ? 1 : 0,
                "<" => left < right ? 1 : 0,
                ">" => left > right ? 1 : 0,
                "&&" => left != 0 && right != 0 ? 1 : 0,
                _ => left != 0 || right != 0 ? 1 : 0,
            };
        }
    }

    private long Unary()
    {
        Blanks();
        if (_at < text.Length && text[_at] is '-' or '!')
        {
            var isMinus = text[_at++] == '-';
            var value = Unary();
            return isMinus ? -value : value == 0 ? 1 : 0;
        }
        if (_at < text.Length && text[_at] == '(')
        {
            _at++;
            var value = Whole();
            Blanks();
            if (_at == text.Length || text[_at++] != ')')
                throw new ShellSyntaxException($"arithmetic syntax error in '{text}'");
            return value;
        }
        if (_at < text.Length && text[_at] == '$')
            _at++;
        var start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
            _at++;
        var word = text[start.._at];
        if (word.Length == 0)
            throw new ShellSyntaxException($"arithmetic syntax error in '{text}'");
        return Number(char.IsAsciiDigit(word[0]) ? word : variable(word));
    }

    private static long Number(string digits)
    {
        if (digits.Length == 0)
            return 0;
        if (digits.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex))
            return hex;
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new ShellSyntaxException($"bad number '{digits}'");
    }

    private void Blanks()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            _at++;
    }
}
