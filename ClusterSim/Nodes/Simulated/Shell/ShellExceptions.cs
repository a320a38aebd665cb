namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary><c>exit</c>.</summary>
internal class ShellExitException(int code, string? complaint = null) : Exception
{
    /// <summary>What the shell says before it ends; null: nothing.</summary>
    public string? Complaint { get; } = complaint;

    /// <summary>The exit code.</summary>
    public int Code { get; } = code;
}

/// <summary>The pod has as many processes as it may have (EAGAIN of <c>fork</c>). It ends a shell that is not interactive.</summary>
internal sealed class ShellForkException() : ShellExitException(2, Words)
{
    /// <summary>What programs say.</summary>
    public const string Words = "can't fork: Resource temporarily unavailable";
}

/// <summary><c>return</c>.</summary>
internal sealed class ShellReturnException(int code) : Exception
{
    /// <summary>The function's or sourced file's exit code.</summary>
    public int Code { get; } = code;
}

/// <summary><c>break</c> and <c>continue</c>.</summary>
internal sealed class ShellLoopException(bool isBreak, int levels) : Exception
{
    /// <summary>How many loops it is for.</summary>
    public int Levels { get; } = levels;

    /// <summary>Whether the loop ends.</summary>
    public bool IsBreak { get; } = isBreak;
}
