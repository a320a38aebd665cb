using System.Net.Sockets;

namespace ClusterSim.Network;

/// <summary>Joins a real socket to a connection of the wire: bytes both ways, half-closes and resets passed on.</summary>
internal static class SocketRelay
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Runs until both directions have ended. Never throws; the caller disposes both sides afterwards.</summary>
    /// <param name="socket">The real socket.</param>
    /// <param name="fromWire">What the wire's other end says.</param>
    /// <param name="toWire">Where the socket's bytes go.</param>
    /// <param name="completeToWire">Ends that direction.</param>
    /// <param name="abortWire">Cuts the connection of the wire.</param>
    public static Task RunAsync(Socket socket, Stream fromWire, Stream toWire, Action completeToWire, Action abortWire) =>
        Task.WhenAll(ToWireAsync(socket, toWire, completeToWire, abortWire), ToSocketAsync(socket, fromWire, abortWire));

    /// <summary>Runs between a socket and a stream that was dialled.</summary>
    public static Task RunAsync(Socket socket, Stream dialled)
    {
        var end = dialled as IHalfClose;
        return RunAsync(socket, dialled, dialled, end is null ? dialled.Dispose : end.CompleteWrites, end is null ? dialled.Dispose : end.Abort);
    }

    /// <summary>Closes a socket so that its peer sees a reset.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            if (socket.ProtocolType == ProtocolType.Tcp)
                socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
        socket.Dispose();
    }

    private static async Task ToWireAsync(Socket socket, Stream toWire, Action completeToWire, Action abortWire)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            int count;
            while ((count = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None)) > 0)
                await toWire.WriteAsync(buffer.AsMemory(0, count));
            completeToWire();
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            abortWire();
        }
    }

    private static async Task ToSocketAsync(Socket socket, Stream fromWire, Action abortWire)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            int count;
            while ((count = await fromWire.ReadAsync(buffer.AsMemory())) > 0)
                for (var sent = 0; sent < count;)
                    sent += await socket.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            Reset(socket);
            abortWire();
        }
    }
}
