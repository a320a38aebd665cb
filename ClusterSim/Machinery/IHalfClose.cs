
namespace ClusterSim.Machinery;

/// <summary>What a stream of the wire can do beyond any stream. Whatever a network fault puts around one passes it on.</summary>
internal interface IHalfClose
{
    /// <summary>Ends the outgoing direction; the incoming one goes on (TCP's FIN).</summary>
    void CompleteWrites();

    /// <summary>Cuts the connection (TCP's RST).</summary>
    void Abort();
}
