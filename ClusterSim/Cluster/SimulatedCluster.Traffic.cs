using System.Net;
using System.Net.Sockets;
using ClusterSim.Client;
using ClusterSim.Network;
using ClusterSim.Nodes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim;

public sealed partial class SimulatedCluster
{
    /// <summary>
    /// Opens a stream as a process of that pod would: its name resolution, its policies, its faults.
    /// </summary>
    /// <exception cref="SocketException">The name is unknown, nobody listens, or a policy rejects. A policy that drops waits for the cancellation.</exception>
    /// <exception cref="ArgumentException">There is no such pod, or it does not run.</exception>
    public async ValueTask<Stream> DialAsPodAsync(string @namespace, string pod, string host, int port, CancellationToken cancellation)
    {
        var network = Wire.FindPod(Pod(@namespace, pod).Uid)
            ?? throw new ArgumentException($"pod {@namespace}/{pod} has no network: it is not running");
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

    /// <summary>Opens a stream to a pod's port from within, as port-forward does: no Service and no policy stands between.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public ValueTask<Stream> DialPodAsync(string @namespace, string pod, int port, CancellationToken cancellation)
    {
        var document = Pod(@namespace, pod);
        var kubelet = document.NodeName is { } node ? Nodes.Find(node) : null;
        return kubelet?.DialAsync(document, port, cancellation) ?? throw new ArgumentException($"pod {@namespace}/{pod} is on no running node");
    }

    /// <summary>A connection from outside the cluster to an address in it.</summary>
    /// <exception cref="SocketException">It cannot be had.</exception>
    public ValueTask<Stream> DialFromOutsideAsync(IPAddress address, int port, CancellationToken cancellation) =>
        Wire.ConnectExternalAsync(address, port, cancellation);

    /// <summary>An HTTP client whose every request goes to one pod. Dispose it.</summary>
    public HttpClient CreatePodClient(string @namespace, string pod, int port) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = (_, cancellation) => DialPodAsync(@namespace, pod, port, cancellation),
    })
    {
        BaseAddress = new UriBuilder("http", pod, port).Uri,
    };

    /// <summary>A container's log so far.</summary>
    /// <param name="namespace">The pod's namespace.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="container">The container; null for the first.</param>
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

    /// <summary>Kills every process of a pod without warning: its streams are severed first, so nothing it does afterwards has an effect.</summary>
    /// <returns>False where no running node has the pod.</returns>
    public bool KillPod(string @namespace, string pod) => Nodes.Kill(Pod(@namespace, pod));

    internal Document Pod(string @namespace, string name) => Admin.Find(Server.Catalog.Require("pods"), new ObjectKey(@namespace, name))
        ?? throw new ArgumentException($"there is no pod {@namespace}/{name}");
}
