namespace ClusterSim.Nodes.Volumes;

/// <summary>A file that a volume made of API objects holds.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Mode">Its permission bits.</param>
internal readonly record struct VolumeFile(byte[] Content, int Mode);
