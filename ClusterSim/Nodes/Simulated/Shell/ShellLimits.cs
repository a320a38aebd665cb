namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>How deep a shell program may be nested. Real shells end with a segmentation fault somewhere beyond.</summary>
internal static class ShellLimits
{
    /// <summary>Commands in commands, parentheses of arithmetic and of <c>test</c>, expansions in expansions.</summary>
    public const int NestingMax = 250;

    /// <summary>Functions in functions, and <c>eval</c>, <c>.</c> and <c>command</c> in each other, subshells included (dash's limit of functions).</summary>
    public const int CallsMax = 1000;

    /// <summary>One argument of a program (<c>MAX_ARG_STRLEN</c>).</summary>
    public const int ArgumentBytesMax = 128 * 1024;

    /// <summary>All arguments of a program (<c>ARG_MAX</c>).</summary>
    public const int ArgumentsBytesMax = 2 * 1024 * 1024;

    /// <summary>What a process and its copy of a name cost.</summary>
    public const int ProcessBytes = 16 * 1024;

    /// <summary>What a variable costs a process besides its content.</summary>
    public const int VariableBytes = 64;
}
