namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>A piece of a shell program.</summary>
internal abstract record ShellNode;

/// <summary>A command with its assignments and redirections; words still unexpanded.</summary>
internal sealed record SimpleNode(IReadOnlyList<(string Name, string Word)> Assignments, IReadOnlyList<string> Words, IReadOnlyList<Redirection> Redirections) : ShellNode;

/// <summary>Commands joined by pipes.</summary>
internal sealed record PipelineNode(IReadOnlyList<ShellNode> Commands, bool IsNegated) : ShellNode;

/// <summary><c>left &amp;&amp; right</c> or <c>left || right</c>.</summary>
internal sealed record AndOrNode(ShellNode Left, ShellNode Right, bool IsAnd) : ShellNode;

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

/// <summary><c>&gt; file</c> and the like: which descriptor, how, and to where (unexpanded).</summary>
internal sealed record Redirection(int Descriptor, string Operator, string Word);

/// <summary>A program the shell cannot read.</summary>
internal sealed class ShellSyntaxException(string message) : Exception(message);
