using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using ClusterSim.Nodes.Cgroups;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>
/// Reads the POSIX shell language: lists, pipes, conditions, case, loops, groups, functions, redirections, here-documents.
/// </summary>
internal sealed class ShellParser
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal) { "then", "elif", "else", "fi", "do", "done", "}", "esac" };

    private static readonly SearchValues<char> NameLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    private readonly ShellLexer _lexer;
    private readonly MemoryCharge? _charge;
    private ShellToken? _next;
    private int _depth;

    private ShellParser(string text, MemoryCharge? charge)
    {
        _charge = charge;
        _lexer = new ShellLexer(text, charge);
    }

    /// <summary>Reads a whole program.</summary>
    /// <param name="text">The program.</param>
    /// <param name="charge">What the program costs to hold; null where memory is not counted.</param>
    /// <exception cref="ShellSyntaxException">It cannot be read.</exception>
    public static async ValueTask<ShellNode> ParseAsync(string text, MemoryCharge? charge)
    {
        try
        {
            return new ShellParser(text, charge).Parse();
        }
        catch (InsufficientExecutionStackException)
        {
            // Whoever calls is deep in other programs: once more on a stack of its own, which is large enough for the deepest program.
            await Task.Yield();
            return new ShellParser(text, charge).Parse();
        }
    }

    private ListNode Parse()
    {
        var list = List();
        if (Peek() is { } rest)
            throw Unexpected(rest.Text);
        return _lexer.Awaited is not { } here ? list : throw new ShellSyntaxException($"syntax error: unexpected end of file (expecting \"{here.End}\")", isIncomplete: true);
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
        var items = new List<(ShellNode, bool)> { (Pipeline(), true) };
        while (Peek() is { IsOperator: true, Text: "&&" or "||" } token)
        {
            Take();
            SkipNewlines();
            items.Add((Pipeline(), token.Text == "&&"));
        }
        return items.Count == 1 ? items[0].Item1 : new AndOrNode(items);
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
        if (++_depth > ShellLimits.NestingMax)
            throw new ShellSyntaxException($"syntax error: nested more than {ShellLimits.NestingMax} deep");
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var command = NestedCommand();
        _depth--;
        return command;
    }

    private ShellNode NestedCommand()
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
        return Body(name);
    }

    private FunctionNode Function(string name)
    {
        Take();
        Expect(")", isOperator: true);
        return Body(name);
    }

    private FunctionNode Body(string name)
    {
        var before = _charge?.Bytes ?? 0;
        SkipNewlines();
        var body = Command();
        return new FunctionNode(name, new ShellFunction(body, (_charge?.Bytes ?? 0) - before));
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

    private bool IsRedirection(ShellToken token) =>
        token is { IsOperator: true, Text: ">" or ">>" or ">|" or "<" or "&>" or "<<" or "<<-" }
        || (!token.IsOperator && token.Text is [>= '0' and <= '9'] && _lexer.Next is '<' or '>');

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
            _lexer.Await(here);
            return new Redirection(descriptor >= 0 ? descriptor : 0, "<<", word, here);
        }
        if (how == ">|")
            how = ">";
        if (how is ">" or "<" && _next is null && _lexer.Next == '&')
        {
            _lexer.SkipOne();
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

    private ShellToken? Peek() => _next ??= _lexer.Read();

    private ShellToken Take()
    {
        var token = Peek() ?? throw new ShellSyntaxException("syntax error: unexpected end of file", isIncomplete: true);
        _next = null;
        return token;
    }
}
