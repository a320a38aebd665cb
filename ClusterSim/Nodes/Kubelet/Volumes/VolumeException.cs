namespace ClusterSim.Nodes.Volumes;

/// <summary>A volume cannot be set up now: the pod waits, and a FailedMount event says why.</summary>
/// <param name="volume">The volume's name in the pod.</param>
/// <param name="message">Why.</param>
internal sealed class VolumeException(string volume, string message) : Exception(message)
{
    /// <summary>The event's text.</summary>
    public string Told => $"MountVolume.SetUp failed for volume \"{volume}\" : {Message}";
}
