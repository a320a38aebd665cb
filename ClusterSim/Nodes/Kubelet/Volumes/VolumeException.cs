namespace ClusterSim.Nodes.Volumes;

/// <summary>A volume cannot be set up now. The pod waits, and a FailedMount event shows why.</summary>
/// <param name="volume">The volume's name in the pod.</param>
/// <param name="message">Why.</param>
internal sealed class VolumeException(string volume, string message) : Exception(message)
{
    /// <summary>The message of the event.</summary>
    public string EventMessage => $"MountVolume.SetUp failed for volume \"{volume}\" : {Message}";
}
