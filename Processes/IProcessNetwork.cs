using Microsoft.AspNetCore.Connections;

namespace Processes;

/// <summary>A process's network: names are resolved, and policy applied, as for this process and no other.</summary>
public interface IProcessNetwork
{
    /// <summary>
    /// Accepts connections for this process; <see langword="null"/> where the machine's own sockets do. Kestrel takes it as its transport;
    /// other programs bind an <see cref="System.Net.IPEndPoint"/> and accept.
    /// </summary>
    IConnectionListenerFactory? Listener { get; }

    /// <summary>Opens a stream to <paramref name="host"/> (a name or an address) and <paramref name="port"/>.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">
    /// <c>HostNotFound</c>: no such name; <c>ConnectionRefused</c>: nobody listens, or a policy rejects. A policy that drops lets the call
    /// wait until <paramref name="cancellation"/>.
    /// </exception>
    ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation);

    /// <summary>
    /// For clients that offer no hook for their socket (Npgsql): a directory with a Unix socket named as PostgreSQL names it,
    /// <c>.s.PGSQL.&lt;port&gt;</c>, whose connections go to <paramref name="host"/> as this process's own. <see langword="null"/>: dial the host itself.
    /// </summary>
    string? SocketDirectory(string host, int port);
}
