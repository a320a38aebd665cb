namespace ClusterSim.Machinery;

/// <summary>Why a document cannot be read, in Go's words, before it is known what to say around them.</summary>
internal sealed class DecodeException(string message) : Exception(message);
