using System.Globalization;
using System.Runtime.CompilerServices;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary><c>$((…))</c>: whole numbers, variables, + - * / %, comparisons, parentheses, ?:, = += -= ++ --.</summary>
internal sealed class ShellArithmetic(string text, Func<string, string> variable, Action<string, string>? assign = null)
{
    // The operators, those that bind loosest first; of two that begin alike, the longer one first.
    private static readonly (string Sign, int Level)[] Operators =
        [("||", 0), ("&&", 1), ("==", 2), ("!=", 2), ("<=", 3), (">=", 3), ("<", 3), (">", 3), ("+", 4), ("-", 4), ("*", 5), ("/", 5), ("%", 5)];

    private static readonly string[] Assignments = ["+=", "-=", "*=", "++", "--", "="];

    private int _at;
    private int _depth;

    /// <summary>The value.</summary>
    /// <exception cref="ShellSyntaxException">It is no expression.</exception>
    public long Evaluate()
    {
        if (string.IsNullOrWhiteSpace(text))
            return 0;
        var value = Whole();
        Blanks();
        return _at == text.Length ? value : throw Wrong();
    }

    /// <summary>An assignment or a choice.</summary>
    private long Whole()
    {
        // bash's words; dash and busybox end with a segmentation fault.
        if (++_depth > ShellLimits.NestingMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new ShellSyntaxException($"arithmetic: expression recursion level exceeded ({ShellLimits.NestingMax})");
        var value = Assignment() ?? Choice();
        _depth--;
        return value;
    }

    private long? Assignment()
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
        return null;
    }

    private long Choice()
    {
        var condition = Binary(0);
        Blanks();
        if (_at >= text.Length || text[_at] != '?')
            return condition;
        _at++;
        var then = Whole();
        Blanks();
        if (_at >= text.Length || text[_at++] != ':')
            throw Wrong();
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

    /// <summary>Operands joined by operators that bind at least so tightly.</summary>
    private long Binary(int level)
    {
        var left = Unary();
        while (true)
        {
            Blanks();
            var (sign, own) = Array.Find(Operators, one => string.CompareOrdinal(text, _at, one.Sign, 0, one.Sign.Length) == 0);
            if (sign is null || own < level)
                return left;
            _at += sign.Length;
            left = Apply(sign, left, Binary(own + 1));
        }
    }

    private static long Apply(string sign, long left, long right) => sign switch
    {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" or "%" when right == 0 => throw new ShellSyntaxException("divide by zero"),
        "/" when right == -1 => -left, // the processor refuses the least number
        "%" when right == -1 => 0,
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

    private long Unary()
    {
        var start = _at;
        while (_at < text.Length && (text[_at] is '-' or '!' || char.IsWhiteSpace(text[_at])))
            _at++;
        var end = _at;
        var value = Operand();
        // From the inside out.
        for (var i = end - 1; i >= start; i--)
            value = text[i] switch { '-' => -value, '!' => value == 0 ? 1 : 0, _ => value };
        return value;
    }

    private long Operand()
    {
        if (_at < text.Length && text[_at] == '(')
        {
            _at++;
            var value = Whole();
            Blanks();
            return _at < text.Length && text[_at++] == ')' ? value : throw Wrong();
        }
        if (_at < text.Length && text[_at] == '$')
            _at++;
        var start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
            _at++;
        var word = text[start.._at];
        return word.Length == 0 ? throw Wrong() : Number(char.IsAsciiDigit(word[0]) ? word : variable(word));
    }

    private static long Number(string digits)
    {
        if (digits.Length == 0)
            return 0;
        if (digits.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex))
            return hex;
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new ShellSyntaxException($"bad number '{digits}'");
    }

    private ShellSyntaxException Wrong() => new($"arithmetic syntax error in '{text}'");

    private void Blanks()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            _at++;
    }
}
