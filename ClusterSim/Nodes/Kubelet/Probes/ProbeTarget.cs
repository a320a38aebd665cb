using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ClusterSim.Network;

namespace ClusterSim.Nodes.Probes;

/// <summary>What probes and lifecycle hooks of one container act on.</summary>
/// <param name="Networks">The wire.</param>
/// <param name="Node">The node they come from.</param>
/// <param name="Address">The pod's address.</param>
/// <param name="Container">The container in the pod's spec, whose named ports they use.</param>
/// <param name="ExecAsync">Runs a command in the container: exit code and combined output.</param>
/// <param name="IsStub">Whether the container only stands for what is asked: then it is enough that somebody listens.</param>
internal sealed record ProbeTarget(
    IPodNetworks Networks, string Node, IPAddress Address, JsonElement Container,
    Func<IReadOnlyList<string>, CancellationToken, Task<(int ExitCode, string Output)>> ExecAsync, bool IsStub = false)
{
    /// <summary>A port by number or by the name the container gives it.</summary>
    /// <exception cref="FormatException">The container has no port of that name.</exception>
    public int Port(JsonElement port)
    {
        if (port.Integer() is { } number)
            return (int)number;
        var name = port.Text("");
        foreach (var declared in Container.At("ports").Items())
            if (declared.At("name").Text() == name)
                return declared.At("containerPort").Integer(0);
        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
            ? parsed : throw new FormatException($"couldn't find port: {name}");
    }

    /// <summary>Where an action that may name another host goes, and whether that is the pod.</summary>
    public string Host(JsonElement action) => action.At("host").Text("") is { Length: > 0 } host ? host : Address.ToString();

    /// <summary>Connects as the node does.</summary>
    public async ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation)
    {
        if (!IPAddress.TryParse(host, out var address))
            throw new SocketException((int)SocketError.HostNotFound);
        return await Networks.DialFromNodeAsync(Node, address, port, cancellation);
    }

    /// <summary>A failed connection in Go's words.</summary>
    public static string Words(string host, int port, SocketException failure) => failure.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => $"dial tcp {host}:{port}: connect: connection refused",
        SocketError.HostNotFound => $"dial tcp: lookup {host}: no such host",
        SocketError.ConnectionReset => $"read tcp {host}:{port}: read: connection reset by peer",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => $"dial tcp {host}:{port}: connect: no route to host",
        _ => $"dial tcp {host}:{port}: {failure.Message}",
    };
}
