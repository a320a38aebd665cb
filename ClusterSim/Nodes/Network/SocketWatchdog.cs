using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Net;
using System.Text;

namespace ClusterSim.Network;

/// <summary>
/// Notices connections that a pod's code makes with the machine's sockets, past the wire: there no policy, fault or cut would reach them.
/// It listens to the runtime's own socket events, which are raised in the flow of whoever connects.
/// </summary>
internal sealed class SocketWatchdog : EventListener
{
    private const string Sockets = "System.Net.Sockets";

    private readonly ConcurrentDictionary<string, byte> _exempt = new(StringComparer.Ordinal);
    private readonly Func<PodContext, bool> _isOurs;
    private readonly Action<PodContext, string> _slipped;

    /// <summary>Watches.</summary>
    /// <param name="isOurs">Whether a pod is of this cluster: several may live in one process.</param>
    /// <param name="slipped">Told of each connection: the pod, and where it connected to.</param>
    public SocketWatchdog(Func<PodContext, bool> isOurs, Action<PodContext, string> slipped)
    {
        (_isOurs, _slipped) = (isOurs, slipped);
    }

    /// <summary>A socket of the wire's own (a Unix socket path).</summary>
    public void Exempt(string socketPath) => _exempt[socketPath] = 0;

    /// <summary>No longer one.</summary>
    public void Revoke(string socketPath) => _exempt.TryRemove(socketPath, out _);

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Sockets)
            EnableEvents(eventSource, EventLevel.Informational, EventKeywords.All);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // The base constructor may deliver events before this one has run.
        if (eventData.EventName != "ConnectStart" || PodContext.Current is not { } pod || _isOurs is null || !_isOurs(pod))
            return;
        var destination = Read(eventData.Payload is [string address, ..] ? address : "");
        if (!_exempt.ContainsKey(destination))
            _slipped(pod, destination);
    }

    /// <summary>Reads a socket address as .NET prints it: <c>InterNetwork:16:{0,80,127,0,0,1,…}</c>, <c>Unix:110:{47,116,…}</c>.</summary>
    internal static string Read(string address)
    {
        var open = address.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
            return address;
        var bytes = address[(open + 1)..].TrimEnd('}').Split(',').Select(part => byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : (byte)0).ToArray();
        return address[..address.IndexOf(':', StringComparison.Ordinal)] switch
        {
            "InterNetwork" when bytes.Length >= 6 => $"{new IPAddress(bytes.AsSpan(2, 4))}:{(bytes[0] << 8) | bytes[1]}",
            "InterNetworkV6" when bytes.Length >= 22 => Plain(new IPAddress(bytes.AsSpan(6, 16)), (bytes[0] << 8) | bytes[1]),
            "Unix" => Encoding.UTF8.GetString(bytes).TrimEnd('\0'),
            _ => address,
        };

        static string Plain(IPAddress address, int port) => new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port).ToString();
    }
}
