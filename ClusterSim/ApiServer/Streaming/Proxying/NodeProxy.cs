using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Http;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Streaming.Proxying;

/// <summary>
/// <c>nodes/proxy</c>: what a kubelet answers on its own port, as far as the simulated one has it: <c>/healthz</c>, <c>/pods</c> and
/// <c>/containerLogs/namespace/pod/container</c>. The rest (metrics, stats, configz, run, exec, …) is 404, and says so.
/// </summary>
internal sealed class NodeProxy(ApiServer server, IKubelets kubelets) : IStreamingSubresource
{
    private const string KubeletPort = "10250";
    private static readonly GroupResource Pods = new("", "pods");

    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target, string? rest)
    {
        server.Authorize(target, ProxiedName.VerbOf(context.Request));
        var (_, name, port) = ProxiedName.Parse(target.Name ?? "", "node");
        var node = server.Require(target with { Name = name });
        if (rest is null && context.Request.Method is "GET" or "HEAD")
        {
            ProxiedRequest.RedirectToSlash(context);
            return;
        }
        if (port is not null && port != KubeletPort)
            throw new KubernetesApiException(503, "ServiceUnavailable", $"error trying to reach service: dial tcp {node.Name}:{port}: connect: connection refused: nothing but the kubelet (port {KubeletPort}) listens on a simulated node");
        var kubelet = kubelets.Find(node.Name) ?? throw new KubernetesApiException(503, "ServiceUnavailable", $"error trying to reach service: node {node.Name} does not answer");
        var path = (rest ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (context.Request.Method is not ("GET" or "HEAD"))
            throw NotSimulated(rest);
        switch (path)
        {
            case ["healthz"] or ["healthz", "ping" or "log" or "syncloop"]:
                await context.Response.WriteAsync("ok");
                break;
            case ["pods"]:
                await context.Response.WriteAsync(200, Object(
                    ("kind", "PodList"), ("apiVersion", "v1"), ("metadata", new JsonObject()),
                    ("items", new JsonArray([.. server.Store.Current(Pods).OnNode(node.Name).OrderBy(pod => pod.Key.ToString(), StringComparer.Ordinal).Select(pod => pod.ToObject())]))));
                break;
            case ["containerLogs", var @namespace, var pod, var container]:
                await WriteLogAsync(context, kubelet, server.Store.Find(Pods, new(@namespace, pod)), pod, container);
                break;
            default:
                throw NotSimulated(rest);
        }
    }

    private static async Task WriteLogAsync(HttpContext context, IKubelet kubelet, Document? pod, string name, string container)
    {
        if (pod is null || pod.NodeName != kubelet.NodeName)
            throw new KubernetesApiException(404, "NotFound", $"pod \"{name}\" does not exist", []);
        var query = context.Request.Query;
        context.Response.ContentType = "text/plain";
        await kubelet.WriteLogAsync(pod, container, new LogOptions
        {
            Follow = QueryOptions.Flag(query, "follow"),
            Previous = QueryOptions.Flag(query, "previous"),
            Timestamps = QueryOptions.Flag(query, "timestamps"),
            TailLines = QueryOptions.Number(query, "tailLines"),
            SinceSeconds = QueryOptions.Number(query, "sinceSeconds"),
            LimitBytes = QueryOptions.Number(query, "limitBytes"),
        }, context.Response.Body, context.RequestAborted);
    }

    private static KubernetesApiException NotSimulated(string? rest) => new(
        404, "NotFound", string.Create(CultureInfo.InvariantCulture, $"the simulated kubelet does not answer /{rest}; it has /healthz, /pods and /containerLogs/NAMESPACE/POD/CONTAINER"), []);
}
