using System.Net;
using System.Net.Sockets;
using ClusterSim.Client;
using ClusterSim.Network;
using ClusterSim.Network.Policies;
using ClusterSim.Nodes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim;

public sealed partial class SimulatedCluster
{
    /// <summary>The evaluator of the NetworkPolicies and namespaces as they are now: the one that decides on every connection in the cluster.</summary>
    public NetworkPolicyEvaluator NetworkPolicies => Wire.Policies;

    /// <summary>Opens a stream as a process of a pod does: with the pod's name resolution, policies and faults.</summary>
    /// <exception cref="SocketException">The name is unknown, nothing listens, or a policy rejects. A policy that drops waits for the cancellation.</exception>
    /// <exception cref="KubernetesApiException">There is no such pod, or it does not run.</exception>
    public async ValueTask<Stream> DialAsPodAsync(string @namespace, string pod, string host, int port, CancellationToken cancellation)
    {
        var network = Wire.FindPod(Pod(@namespace, pod).Uid)
            ?? throw KubernetesApiException.BadRequest($"pod {@namespace}/{pod} has no network: it is not running");
        var process = network.JoinProcess("dial-as-pod");
        try
        {
            var stream = await process.DialAsync(host, port, cancellation);
            process.LeaveAfterLastConnection();
            return stream;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a stream to a port of a pod from its node, as port-forward does: no Service and no policy applies.</summary>
    /// <exception cref="SocketException">Nothing listens.</exception>
    /// <exception cref="KubernetesApiException">There is no such pod, or no running node has it.</exception>
    public ValueTask<Stream> DialPodAsync(string @namespace, string pod, int port, CancellationToken cancellation)
    {
        var document = Pod(@namespace, pod);
        var kubelet = document.NodeName is { } node ? Nodes.Find(node) : null;
        return kubelet?.DialAsync(document, port, cancellation) ?? throw KubernetesApiException.BadRequest($"pod {@namespace}/{pod} is on no running node");
    }

    /// <summary>Opens a stream from outside the cluster to an address in it.</summary>
    /// <exception cref="SocketException">No connection is possible.</exception>
    public ValueTask<Stream> DialFromOutsideAsync(IPAddress address, int port, CancellationToken cancellation) =>
        Wire.ConnectExternalAsync(address, port, cancellation);

    /// <summary>
    /// Listens on an address outside the cluster: pods whose policies allow it reach what accepts there. Dispose the listener to end it.
    /// </summary>
    /// <param name="address">The address, such as one of those reserved for documentation (RFC 5737). No pod, Service or node has it.</param>
    /// <param name="port">The port.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="InvalidOperationException">The address is in use.</exception>
    public async ValueTask<IConnectionListener> ListenOutsideAsync(IPAddress address, int port, CancellationToken cancellation = default)
    {
        var host = Wire.RegisterHost(address, TrafficPeer.Outside(address));
        try
        {
            return new OutsideListener(host, await host.JoinProcess("outside").BindAsync(new IPEndPoint(IPAddress.Any, port), cancellation));
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates an HTTP client whose every request goes to one pod, as <see cref="DialPodAsync"/> does. Dispose it.</summary>
    public HttpClient CreatePodClient(string @namespace, string pod, int port) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = (_, cancellation) => DialPodAsync(@namespace, pod, port, cancellation),
    })
    {
        BaseAddress = new UriBuilder("http", pod, port).Uri,
    };

    /// <summary>Returns what a container has written so far.</summary>
    /// <param name="namespace">The namespace of the pod.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="container">The container; null for the first.</param>
    /// <exception cref="KubernetesApiException">There is no such pod or container.</exception>
    public async Task<string> LogAsync(string @namespace, string pod, string? container = null)
    {
        var document = Pod(@namespace, pod);
        container ??= document.Spec.At("containers").Items().First().At("name").Text("");
        using var log = new MemoryStream();
        var kubelet = document.NodeName is { } node ? Nodes.Find(node) : null;
        if (kubelet is not null)
            await kubelet.WriteLogAsync(document, container, new LogOptions(), log, CancellationToken.None);
        return System.Text.Encoding.UTF8.GetString(log.ToArray());
    }

    internal Document Pod(string @namespace, string name) => Admin.Find(Server.Catalog.Require("pods"), new ObjectKey(@namespace, name))
        ?? throw KubernetesApiException.NotFound(new("", "pods"), name);
}
