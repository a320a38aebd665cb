namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>The three streams of a command.</summary>
internal readonly record struct Streams(Stream Input, Stream Output, Stream Error);
