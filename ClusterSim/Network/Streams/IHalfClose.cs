namespace ClusterSim.Network.Streams;

/// <summary>A stream whose outgoing direction can end while the incoming one goes on.</summary>
internal interface IHalfClose
{
    /// <summary>Ends the outgoing direction (TCP's FIN).</summary>
    void CompleteWrites();
}
