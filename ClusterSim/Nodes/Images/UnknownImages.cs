namespace ClusterSim.Nodes.Images;

/// <summary>What becomes of an image that is neither on a node nor in a registry.</summary>
public enum UnknownImages
{
    /// <summary>It cannot be pulled: <c>ErrImagePull</c>, then <c>ImagePullBackOff</c>, as on a cluster that cannot find it.</summary>
    Refuse,

    /// <summary>
    /// A stub takes its place: a listener on the ports that the container declares, with the tools of <c>exec</c>; so that anybody's manifests
    /// can be examined without their images.
    /// </summary>
    Stub,
}
