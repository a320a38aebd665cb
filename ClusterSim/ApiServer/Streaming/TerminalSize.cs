namespace ClusterSim.Streaming;

/// <summary>How many columns and rows a terminal has (<c>TerminalSize</c> of remotecommand).</summary>
internal readonly record struct TerminalSize(ushort Width, ushort Height);
