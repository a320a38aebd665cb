using System.Buffers;
using System.Globalization;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>
/// Reads the POSIX shell language: lists, pipes, conditions, case, loops, groups, functions, redirections, here-documents.
/// </summary>
internal sealed class ShellParser(string text)
{
    private static readonly string[] Operators = ["&&", "||", ">>", ">|", ";;", "<<-", "<<", "&>", "|", "&", ";", "<", ">", "(", ")", "\n"];
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal) { "then", "elif", "else", "fi", "do", "done", "}", "esac" };

    private static readonly SearchValues<char> NameLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    private readonly Queue<HereDocument> _here = new();
    private int _at;
    private (string Text, bool IsOperator)? _next;

    /// <summary>The whole program.</summary>
    /// <exception cref="ShellSyntaxException">It cannot be read.</exception>
    public ShellNode Parse()
    {
        var list = List();
        if (Peek() is { } rest)
            throw Unexpected(rest.Text);
        return _here.Count == 0 ? list : throw new ShellSyntaxException($"syntax error: unexpected end of file (expecting \"{_here.Peek().End}\")", isIncomplete: true);
    }

    private ListNode List()
    {
        var items = new List<(ShellNode, bool)>();
        while (true)
        {
            SkipNewlines();
            if (Peek() is not { } token || token is { IsOperator: true, Text: ")" or ";;" } || (!token.IsOperator && Reserved.Contains(token.Text)))
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
        var token = Peek() ?? throw new ShellSyntaxException("syntax error: unexpected end of file", isIncomplete: true);
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
            "case" => Case(),
            "function" => NamedFunction(),
            _ => null,
        };
        if (compound is null)
            return Simple();
        var redirections = Redirections();
        return redirections.Count == 0 ? compound : new GroupNode(compound, IsSubshell: false, redirections);
    }

    private CaseNode Case()
    {
        Take();
        var word = Take().Text;
        Expect("in");
        var branches = new List<(IReadOnlyList<string>, ShellNode)>();
        SkipNewlines();
        while (!Accept("esac"))
        {
            if (Peek() is { IsOperator: true, Text: "(" })
                Take();
            var patterns = new List<string> { Take().Text };
            while (Peek() is { IsOperator: true, Text: "|" })
            {
                Take();
                patterns.Add(Take().Text);
            }
            Expect(")", isOperator: true);
            branches.Add((patterns, List()));
            SkipNewlines();
            if (Peek() is { IsOperator: true, Text: ";;" })
                Take();
            else if (Peek() is not { IsOperator: false, Text: "esac" })
                throw Peek() is { } other ? Unexpected(other.Text) : new ShellSyntaxException("syntax error: unexpected end of file (expecting \"esac\")", isIncomplete: true);
            SkipNewlines();
        }
        return new CaseNode(word, branches);
    }

    private FunctionNode NamedFunction()
    {
        Take();
        var name = Take().Text;
        if (Peek() is { IsOperator: true, Text: "(" })
            return Function(name);
        SkipNewlines();
        return new FunctionNode(name, Command());
    }

    private FunctionNode Function(string name)
    {
        Take();
        Expect(")", isOperator: true);
        SkipNewlines();
        return new FunctionNode(name, Command());
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

    private ShellNode Simple()
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
        if (Peek() is { IsOperator: true, Text: "(" } && words.Count == 1 && assignments.Count == 0 && redirections.Count == 0)
            return Function(words[0]);
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
        token is { IsOperator: true, Text: ">" or ">>" or ">|" or "<" or "&>" or "<<" or "<<-" }
        || (!token.IsOperator && token.Text is [>= '0' and <= '9'] && _at < text.Length && text[_at] is '<' or '>');

    private Redirection Redirection()
    {
        var first = Take();
        var descriptor = first.IsOperator ? -1 : int.Parse(first.Text, CultureInfo.InvariantCulture);
        var how = first.IsOperator ? first.Text : Take().Text;
        if (how is "<<" or "<<-")
        {
            var word = Take().Text;
            var end = word.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal).Replace("\\", "", StringComparison.Ordinal);
            var here = new HereDocument(end, end != word, how == "<<-");
            _here.Enqueue(here);
            return new Redirection(descriptor >= 0 ? descriptor : 0, "<<", word, here);
        }
        if (how == ">|")
            how = ">";
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
            throw Peek() is { } other ? Unexpected(other.Text) : new ShellSyntaxException($"syntax error: unexpected end of file (expecting \"{word}\")", isIncomplete: true);
        Take();
    }

    private static ShellSyntaxException Unexpected(string token) => new($"syntax error: unexpected \"{(token == "\n" ? "newline" : token)}\"");

    private (string Text, bool IsOperator)? Peek() => _next ??= Read();

    private (string Text, bool IsOperator) Take()
    {
        var token = Peek() ?? throw new ShellSyntaxException("syntax error: unexpected end of file", isIncomplete: true);
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
                if (@operator == "\n")
                    ReadHereDocuments();
                return (@operator, true);
            }
        var start = _at;
        while (_at < text.Length && text[_at] is not (' ' or '\t' or '\n' or ';' or '|' or '&' or '<' or '>' or '(' or ')'))
            Skip();
        return (text[start.._at], false);
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
                while (_at < text.Length && text[_at] != '"')
                    Skip();
                _at = _at < text.Length ? _at + 1 : throw new ShellSyntaxException("syntax error: unterminated quoted string", isIncomplete: true);
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
}
