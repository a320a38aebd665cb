using System.Runtime.CompilerServices;
using ClusterSim.Nodes.Cgroups;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>A word or an operator of a shell program.</summary>
/// <param name="Text">Its text, unexpanded.</param>
/// <param name="IsOperator">Whether it is an operator.</param>
internal readonly record struct ShellToken(string Text, bool IsOperator);

/// <summary>Splits a shell program into words and operators; reads here-documents, which come after the line that begins them.</summary>
/// <param name="text">The program.</param>
/// <param name="charge">What the words cost; null where memory is not counted.</param>
internal sealed class ShellLexer(string text, MemoryCharge? charge)
{
    private const int TokenBytes = 64;

    private static readonly string[] Operators = ["&&", "||", ">>", ">|", ";;", "<<-", "<<", "&>", "|", "&", ";", "<", ">", "(", ")", "\n"];

    private readonly Queue<HereDocument> _here = new();
    private int _at;
    private int _depth;

    /// <summary>The here-document that is to come; null for none.</summary>
    public HereDocument? Awaited => _here.TryPeek(out var here) ? here : null;

    /// <summary>The character after the last token; null at the end.</summary>
    public char? Next => _at < text.Length ? text[_at] : null;

    /// <summary>Passes over one character.</summary>
    public void SkipOne() => _at++;

    /// <summary>Reads a here-document after the line under way.</summary>
    public void Await(HereDocument here) => _here.Enqueue(here);

    /// <summary>Reads the next token; null at the end.</summary>
    /// <exception cref="ShellSyntaxException">A quotation, a substitution or a here-document does not end.</exception>
    public ShellToken? Read()
    {
        while (_at < text.Length && (text[_at] is ' ' or '\t' or '\r' || text.AsSpan(_at).StartsWith("\\\n")))
            _at += text[_at] == '\\' ? 2 : 1;
        if (_at < text.Length && text[_at] == '#')
            while (_at < text.Length && text[_at] != '\n')
                _at++;
        if (_at == text.Length)
            return null;
        foreach (var @operator in Operators)
            if (text.AsSpan(_at).StartsWith(@operator))
            {
                _at += @operator.Length;
                if (@operator == "\n")
                    ReadHereDocuments();
                return Charged(new ShellToken(@operator, true));
            }
        var start = _at;
        while (_at < text.Length && text[_at] is not (' ' or '\t' or '\n' or ';' or '|' or '&' or '<' or '>' or '(' or ')'))
            Skip();
        return Charged(new ShellToken(text[start.._at], false));
    }

    /// <summary>After the line that begins them come the here-documents.</summary>
    private void ReadHereDocuments()
    {
        while (_here.TryPeek(out var here))
        {
            var lines = new System.Text.StringBuilder();
            while (true)
            {
                if (_at >= text.Length)
                    throw new ShellSyntaxException($"syntax error: unexpected end of file (expecting \"{here.End}\")", isIncomplete: true);
                var end = text.IndexOf('\n', _at) is >= 0 and var found ? found : text.Length;
                var line = text[_at..end];
                _at = Math.Min(text.Length, end + 1);
                if (here.StripsTabs)
                    line = line.TrimStart('\t');
                if (line == here.End)
                    break;
                lines.Append(line).Append('\n');
            }
            here.Text = lines.ToString();
            charge?.Add(here.Text.Length);
            _here.Dequeue();
        }
    }

    /// <summary>Past one character, quotation or substitution.</summary>
    private void Skip()
    {
        switch (text[_at])
        {
            case '\\':
                _at = Math.Min(text.Length, _at + 2);
                break;
            case '\'':
                _at = End('\'', _at + 1);
                break;
            case '"':
                _at++;
                Enter();
                while (_at < text.Length && text[_at] != '"')
                    Skip();
                _depth--;
                _at = _at < text.Length ? _at + 1 : throw new ShellSyntaxException("syntax error: unterminated quoted string", isIncomplete: true);
                break;
            case '`':
                _at = End('`', _at + 1);
                break;
            case '$' when _at + 1 < text.Length && text[_at + 1] is '(' or '{':
                var (open, close) = text[_at + 1] == '(' ? ('(', ')') : ('{', '}');
                _at += 2;
                Enter();
                for (var depth = 1; depth > 0;)
                {
                    if (_at == text.Length)
                        throw new ShellSyntaxException($"syntax error: unexpected end of file (expecting \"{close}\")", isIncomplete: true);
                    if (text[_at] == open || text[_at] == close)
                    {
                        depth += text[_at] == open ? 1 : -1;
                        _at++;
                    }
                    else
                    {
                        Skip();
                    }
                }
                _depth--;
                break;
            default:
                _at++;
                break;
        }
    }

    private int End(char quote, int from)
    {
        var end = text.IndexOf(quote, from);
        return end < 0 ? throw new ShellSyntaxException("syntax error: unterminated quoted string", isIncomplete: true) : end + 1;
    }

    private ShellToken Charged(ShellToken token)
    {
        charge?.Add(TokenBytes + token.Text.Length);
        return token;
    }

    private void Enter()
    {
        if (++_depth > ShellLimits.NestingMax)
            throw new ShellSyntaxException($"syntax error: nested more than {ShellLimits.NestingMax} deep");
        RuntimeHelpers.EnsureSufficientExecutionStack();
    }
}
