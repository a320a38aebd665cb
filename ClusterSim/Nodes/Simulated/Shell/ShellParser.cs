using System.Buffers;
using System.Globalization;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>
/// Reads the everyday part of the POSIX shell language: lists, pipes, conditions, loops, groups, redirections. Functions, case and
/// here-documents are not known, and refused.
/// </summary>
internal sealed class ShellParser(string text)
{
    private static readonly string[] Operators = ["&&", "||", ">>", ";;", "<<", "&>", "|", "&", ";", "<", ">", "(", ")", "\n"];
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal) { "then", "elif", "else", "fi", "do", "done", "}" };

    private static readonly SearchValues<char> NameLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    private int _at;
    private (string Text, bool IsOperator)? _next;

    /// <summary>The whole program.</summary>
    /// <exception cref="ShellSyntaxException">It cannot be read.</exception>
    public ShellNode Parse()
    {
        var list = List();
        return Peek() is { } rest ? throw Unexpected(rest.Text) : list;
    }

    private ListNode List()
    {
        var items = new List<(ShellNode, bool)>();
        while (true)
        {
            SkipNewlines();
            if (Peek() is not { } token || token is { IsOperator: true, Text: ")" } || (!token.IsOperator && Reserved.Contains(token.Text)))
                return new ListNode(items);
            var node = AndOr();
            var separator = Peek();
            items.Add((node, separator is { IsOperator: true, Text: "&" }));
            if (separator is { IsOperator: true, Text: "&" or ";" or "\n" })
                Take();
        }
    }

    private ShellNode AndOr()
    {
        var left = Pipeline();
        while (Peek() is { IsOperator: true, Text: "&&" or "||" } token)
        {
            Take();
            SkipNewlines();
            left = new AndOrNode(left, Pipeline(), token.Text == "&&");
        }
        return left;
    }

    private ShellNode Pipeline()
    {
        var negated = Accept("!");
        var commands = new List<ShellNode> { Command() };
        while (Peek() is { IsOperator: true, Text: "|" })
        {
            Take();
            SkipNewlines();
            commands.Add(Command());
        }
        return commands.Count == 1 && !negated ? commands[0] : new PipelineNode(commands, negated);
    }

    private ShellNode Command()
    {
        var token = Peek() ?? throw new ShellSyntaxException("unexpected end of file");
        if (token is { IsOperator: true, Text: "(" })
        {
            Take();
            var body = List();
            Expect(")", isOperator: true);
            return new GroupNode(body, IsSubshell: true, Redirections());
        }
        if (token.IsOperator)
            throw Unexpected(token.Text);
        ShellNode? compound = token.Text switch
        {
            "if" => If(),
            "while" or "until" => While(),
            "for" => For(),
            "{" => Braces(),
            "case" or "function" => throw new ShellSyntaxException($"'{token.Text}' is not known to the simulated shell"),
            _ => null,
        };
        if (compound is null)
            return Simple();
        var redirections = Redirections();
        return redirections.Count == 0 ? compound : new GroupNode(compound, IsSubshell: false, redirections);
    }

    private GroupNode Braces()
    {
        Take();
        var body = List();
        Expect("}");
        return new GroupNode(body, IsSubshell: false, []);
    }

    private IfNode If()
    {
        var branches = new List<(ShellNode, ShellNode)>();
        do
        {
            Take();
            var condition = List();
            Expect("then");
            branches.Add((condition, List()));
        }
        while (Peek() is { IsOperator: false, Text: "elif" });
        var otherwise = Accept("else") ? List() : null;
        Expect("fi");
        return new IfNode(branches, otherwise);
    }

    private WhileNode While()
    {
        var until = Take().Text == "until";
        var condition = List();
        Expect("do");
        var body = List();
        Expect("done");
        return new WhileNode(condition, body, until);
    }

    private ForNode For()
    {
        Take();
        var name = Take().Text;
        List<string>? words = null;
        SkipNewlines();
        if (Accept("in"))
        {
            words = [];
            while (Peek() is { IsOperator: false } word)
            {
                Take();
                words.Add(word.Text);
            }
        }
        if (Peek() is { IsOperator: true, Text: ";" })
            Take();
        SkipNewlines();
        Expect("do");
        var body = List();
        Expect("done");
        return new ForNode(name, words, body);
    }

    private SimpleNode Simple()
    {
        var assignments = new List<(string, string)>();
        var words = new List<string>();
        var redirections = new List<Redirection>();
        while (Peek() is { } token)
        {
            if (IsRedirection(token))
            {
                redirections.Add(Redirection());
                continue;
            }
            if (token.IsOperator)
                break;
            Take();
            if (words.Count == 0 && Assignment(token.Text) is var (name, value))
                assignments.Add((name, value));
            else
                words.Add(token.Text);
        }
        if (Peek() is { IsOperator: true, Text: "(" })
            throw new ShellSyntaxException("functions are not known to the simulated shell");
        return new SimpleNode(assignments, words, redirections);
    }

    private List<Redirection> Redirections()
    {
        var found = new List<Redirection>();
        while (Peek() is { } token && IsRedirection(token))
            found.Add(Redirection());
        return found;
    }

    private bool IsRedirection((string Text, bool IsOperator) token) =>
        token is { IsOperator: true, Text: ">" or ">>" or "<" or "&>" or "<<" }
        || (token.Text is "0" or "1" or "2" && !token.IsOperator && _at < text.Length && text[_at] is '<' or '>');

    private Redirection Redirection()
    {
        var first = Take();
        var descriptor = first.IsOperator ? -1 : int.Parse(first.Text, CultureInfo.InvariantCulture);
        var how = first.IsOperator ? first.Text : Take().Text;
        if (how == "<<")
            throw new ShellSyntaxException("here-documents are not known to the simulated shell");
        if (how is ">" or "<" && _next is null && _at < text.Length && text[_at] == '&')
        {
            _at++;
            how += "&";
        }
        return new Redirection(descriptor >= 0 ? descriptor : how[0] == '<' ? 0 : how == "&>" ? -1 : 1, how, Take().Text);
    }

    private static (string, string)? Assignment(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && !char.IsAsciiDigit(word[0]) && word.AsSpan(0, equals).IndexOfAnyExcept(NameLetters) < 0
            ? (word[..equals], word[(equals + 1)..]) : null;
    }

    private void SkipNewlines()
    {
        while (Peek() is { IsOperator: true, Text: "\n" })
            Take();
    }

    private bool Accept(string word)
    {
        if (Peek() is not { IsOperator: false } token || token.Text != word)
            return false;
        Take();
        return true;
    }

    private void Expect(string word, bool isOperator = false)
    {
        SkipNewlines();
        if (Peek() is not { } token || token.Text != word || token.IsOperator != isOperator)
            throw Peek() is { } other ? Unexpected(other.Text) : new ShellSyntaxException($"unexpected end of file (expecting \"{word}\")");
        Take();
    }

    private static ShellSyntaxException Unexpected(string token) => new($"syntax error: unexpected \"{(token == "\n" ? "newline" : token)}\"");

    private (string Text, bool IsOperator)? Peek() => _next ??= Read();

    private (string Text, bool IsOperator) Take()
    {
        var token = Peek() ?? throw new ShellSyntaxException("syntax error: unexpected end of file");
        _next = null;
        return token;
    }

    private (string Text, bool IsOperator)? Read()
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
                return (@operator, true);
            }
        var start = _at;
        while (_at < text.Length && text[_at] is not (' ' or '\t' or '\n' or ';' or '|' or '&' or '<' or '>' or '(' or ')'))
            Skip();
        return (text[start.._at], false);
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
                while (_at < text.Length && text[_at] != '"')
                    Skip();
                _at = _at < text.Length ? _at + 1 : throw new ShellSyntaxException("syntax error: unterminated quoted string");
                break;
            case '`':
                _at = End('`', _at + 1);
                break;
            case '$' when _at + 1 < text.Length && text[_at + 1] is '(' or '{':
                var (open, close) = text[_at + 1] == '(' ? ('(', ')') : ('{', '}');
                _at += 2;
                for (var depth = 1; depth > 0;)
                {
                    if (_at == text.Length)
                        throw new ShellSyntaxException($"syntax error: unexpected end of file (expecting \"{close}\")");
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
                break;
            default:
                _at++;
                break;
        }
    }

    private int End(char quote, int from)
    {
        var end = text.IndexOf(quote, from);
        return end < 0 ? throw new ShellSyntaxException("syntax error: unterminated quoted string") : end + 1;
    }
}
