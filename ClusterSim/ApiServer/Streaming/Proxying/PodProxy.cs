using System.Globalization;
using System.Net;
using ClusterSim.Http;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Streaming.Proxying;

/// <summary>
/// <c>pods/proxy</c>: an HTTP request to one pod, whatever Services there are. Without a port it is the first that a container declares. The connection
/// comes from the pod's node, which no NetworkPolicy keeps out: as on a cluster whose API server runs on that node.
/// </summary>
internal sealed class PodProxy(ApiServer server, IKubelets kubelets) : IStreamingSubresource
{
    /// <inheritdoc/>
    public Task HandleAsync(HttpContext context, RequestTarget target, string? rest)
    {
        // RBAC sees the name as it stands in the URL, scheme and port included.
        server.Authorize(target, ProxiedName.VerbOf(context.Request));
        var (scheme, name, port) = ProxiedName.Parse(target.Name ?? "", "pod");
        var pod = server.Require(target with { Name = name });
        var number = PortOf(pod, port);
        if (!IPAddress.TryParse(pod.Status.At("podIP").Text(), out var address))
            throw KubernetesApiException.BadRequest("address not allowed");
        var kubelet = Streams.KubeletOf(kubelets, pod);
        return new ProxiedRequest(context, new UriBuilder(scheme, address.ToString(), number).Uri, rest, cancellation => kubelet.DialAsync(pod, number, cancellation)).RunAsync();
    }

    private static int PortOf(Document pod, string? asked)
    {
        var ports = pod.Spec.At("containers").Items().SelectMany(container => container.At("ports").Items()).ToList();
        if (asked is null)
            return ports.Count > 0 ? ports[0].At("containerPort").Integer(80) : 80;
        if (ushort.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            return number;
        var declared = ports.FirstOrDefault(port => port.At("name").Text() == asked);
        return declared.Exists() ? declared.At("containerPort").Integer(0) : throw KubernetesApiException.BadRequest($"invalid port \"{asked}\" of pod {pod.Name}");
    }
}
