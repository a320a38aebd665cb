using System.Globalization;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary><c>$((…))</c>: whole numbers, variables, + - * / %, comparisons, parentheses.</summary>
internal sealed class ShellArithmetic(string text, Func<string, string> variable)
{
    private static readonly string[][] Levels = [["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"]];

    private int _at;

    /// <summary>The value.</summary>
    /// <exception cref="ShellSyntaxException">It is no expression.</exception>
    public long Evaluate()
    {
        var value = Binary(0);
        Blanks();
        return _at == text.Length ? value : throw new ShellSyntaxException($"arithmetic syntax error in '{text}'");
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
            var value = Binary(0);
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
        var digits = char.IsAsciiDigit(word[0]) ? word : variable(word);
        return digits.Length == 0 ? 0 : long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : throw new ShellSyntaxException($"bad number '{digits}'");
    }

    private void Blanks()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            _at++;
    }
}
