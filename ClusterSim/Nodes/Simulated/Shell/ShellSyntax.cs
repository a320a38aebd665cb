namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>A piece of a shell program.</summary>
internal abstract record ShellNode;

/// <summary>A command with its assignments and redirections; words still unexpanded.</summary>
internal sealed record SimpleNode(IReadOnlyList<(string Name, string Word)> Assignments, IReadOnlyList<string> Words, IReadOnlyList<Redirection> Redirections) : ShellNode;

/// <summary>Commands joined by pipes.</summary>
internal sealed record PipelineNode(IReadOnlyList<ShellNode> Commands, bool IsNegated) : ShellNode;

/// <summary>Commands joined by <c>&amp;&amp;</c> and <c>||</c>, from the left; what the first one follows has no meaning.</summary>
internal sealed record AndOrNode(IReadOnlyList<(ShellNode Node, bool FollowsAnd)> Items) : ShellNode;

/// <summary>One after the other; some in the background.</summary>
internal sealed record ListNode(IReadOnlyList<(ShellNode Node, bool InBackground)> Items) : ShellNode;

/// <summary><c>if</c>: conditions with what follows from them, and the rest.</summary>
internal sealed record IfNode(IReadOnlyList<(ShellNode Condition, ShellNode Then)> Branches, ShellNode? Else) : ShellNode;

/// <summary><c>while</c> or <c>until</c>.</summary>
internal sealed record WhileNode(ShellNode Condition, ShellNode Body, bool IsUntil) : ShellNode;

/// <summary><c>for name in words</c>; null words: the positional parameters.</summary>
internal sealed record ForNode(string Name, IReadOnlyList<string>? Words, ShellNode Body) : ShellNode;

/// <summary><c>{ … }</c> or <c>( … )</c>, or a compound command with redirections.</summary>
internal sealed record GroupNode(ShellNode Body, bool IsSubshell, IReadOnlyList<Redirection> Redirections) : ShellNode;

/// <summary><c>case word in pattern) … ;; esac</c>.</summary>
internal sealed record CaseNode(string Word, IReadOnlyList<(IReadOnlyList<string> Patterns, ShellNode Body)> Branches) : ShellNode;

/// <summary><c>name() { … }</c>: what the name means from here on.</summary>
internal sealed record FunctionNode(string Name, ShellFunction Function) : ShellNode;

/// <summary><c>&gt; file</c> and the like: which descriptor, how, and to where (unexpanded).</summary>
/// <param name="Descriptor">The descriptor; −1 where the operator means two.</param>
/// <param name="Operator">The operator.</param>
/// <param name="Word">The file or descriptor.</param>
/// <param name="Here">The text of a here-document; null for others.</param>
internal sealed record Redirection(int Descriptor, string Operator, string Word, HereDocument? Here = null);

/// <summary>The lines after a command that are its input. They are read after the command itself.</summary>
/// <param name="End">The line that ends it.</param>
/// <param name="IsQuoted">Whether it stands as it is, without expansion.</param>
/// <param name="StripsTabs">Whether tabs at the beginning of its lines are dropped.</param>
internal sealed record HereDocument(string End, bool IsQuoted, bool StripsTabs)
{
    /// <summary>Its lines.</summary>
    public string Text { get; set; } = "";
}

/// <summary>A program the shell cannot read.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="isIncomplete">Whether more text could mend it.</param>
internal sealed class ShellSyntaxException(string message, bool isIncomplete = false) : Exception(message)
{
    /// <summary>Whether more text could mend it.</summary>
    public bool IsIncomplete { get; } = isIncomplete;
}
