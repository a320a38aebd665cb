namespace ClusterSim.Nodes.Containers;

/// <summary>A container cannot be made as its pod asks: shown as <c>CreateContainerConfigError</c> with this message, and tried again.</summary>
internal sealed class ContainerConfigException(string message) : Exception(message);
