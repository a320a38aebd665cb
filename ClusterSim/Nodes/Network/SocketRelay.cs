using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ClusterSim.Network.Services;

namespace ClusterSim.Network;

/// <summary>Joins a real socket to a connection of the wire: bytes both ways, half-closes and resets passed on.</summary>
internal static class SocketRelay
{
    private const int BufferBytes = 16 * 1024;

    // So much of a refused request is read and dropped: a caller that is still writing would not see the answer.
    private const long RefusedBytesMax = 16 * 1024 * 1024;

    /// <summary>Runs until both directions have ended. Never throws; the caller disposes both sides afterwards.</summary>
    /// <param name="socket">The real socket.</param>
    /// <param name="fromWire">What the wire's other end says.</param>
    /// <param name="toWire">Where the socket's bytes go.</param>
    /// <param name="completeToWire">Ends that direction.</param>
    /// <param name="abortWire">Cuts the connection of the wire.</param>
    public static Task RunAsync(Socket socket, Stream fromWire, Stream toWire, Action completeToWire, Action abortWire) =>
        RunAsync(socket, fromWire, toWire, completeToWire, abortWire, head: null);

    /// <summary>Runs between a socket and a stream that was dialled.</summary>
    /// <param name="socket">The real socket.</param>
    /// <param name="dialled">The stream.</param>
    /// <param name="head">Checks what the socket sends first; null: nothing is checked.</param>
    public static Task RunAsync(Socket socket, Stream dialled, BrowserHead? head = null)
    {
        var end = dialled as IHalfClose;
        return RunAsync(socket, dialled, dialled, end is null ? dialled.Dispose : end.CompleteWrites, end is null ? dialled.Dispose : end.Abort, head);
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

    private static Task RunAsync(Socket socket, Stream fromWire, Stream toWire, Action completeToWire, Action abortWire, BrowserHead? head) =>
        Task.WhenAll(ToWireAsync(socket, toWire, completeToWire, abortWire, head), ToSocketAsync(socket, fromWire, abortWire));

    private static async Task ToWireAsync(Socket socket, Stream toWire, Action completeToWire, Action abortWire, BrowserHead? head)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            int count;
            while ((count = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None)) > 0)
            {
                var bytes = head is null ? buffer.AsMemory(0, count) : head.Take(buffer.AsMemory(0, count));
                if (head?.Refusal is { } refusal)
                {
                    await RefuseAsync(socket, refusal, buffer);
                    abortWire();
                    return;
                }
                if (!bytes.IsEmpty)
                    await toWire.WriteAsync(bytes);
            }
            if (head?.Complete() is { IsEmpty: false } held)
                await toWire.WriteAsync(held);
            completeToWire();
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            abortWire();
        }
    }

    private static async Task RefuseAsync(Socket socket, string refusal, byte[] buffer)
    {
        var body = Encoding.UTF8.GetBytes(refusal + "\n");
        var head = string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        byte[] answer = [.. Encoding.ASCII.GetBytes(head), .. body];
        for (var sent = 0; sent < answer.Length;)
            sent += await socket.SendAsync(answer.AsMemory(sent), SocketFlags.None);
        socket.Shutdown(SocketShutdown.Send);
        int count;
        for (var dropped = 0L; dropped < RefusedBytesMax && (count = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None)) > 0; dropped += count)
        {
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
