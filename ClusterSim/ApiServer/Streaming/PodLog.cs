using ClusterSim.Http;
using ClusterSim.Registry;
using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Streaming;

/// <summary><c>pods/log</c>: the log of one container, as its node's kubelet has it.</summary>
internal sealed class PodLog(ApiServer server, IKubelets kubelets) : IStreamingSubresource
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target, string? rest)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
            throw new KubernetesApiException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);
        server.Authorize(target, "get");
        var pod = server.Require(target);
        var query = context.Request.Query;
        var container = Streams.ContainerOf(pod, QueryOptions.Text(query, "container"));
        var options = new LogOptions
        {
            Follow = QueryOptions.Flag(query, "follow"),
            Previous = QueryOptions.Flag(query, "previous"),
            Timestamps = QueryOptions.Flag(query, "timestamps"),
            TailLines = NotNegative(query, "tailLines"),
            SinceSeconds = Positive(query, "sinceSeconds"),
            SinceTime = QueryOptions.Text(query, "sinceTime") is { } time
                ? DateTimeOffset.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var since)
                    ? since
                    : throw KubernetesApiException.BadRequest($"parsing time \"{time}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse")
                : null,
            LimitBytes = Positive(query, "limitBytes"),
        };
        var kubelet = Streams.KubeletOf(kubelets, pod);
        context.Response.ContentType = "text/plain";
        await kubelet.WriteLogAsync(pod, container, options, context.Response.Body, context.RequestAborted);
    }

    private static long? NotNegative(IQueryCollection query, string name) => QueryOptions.Number(query, name) is not { } number ? null
        : number >= 0 ? number
        : throw KubernetesApiException.Invalid(new("", "v1", "PodLogOptions"), "", [new("FieldValueInvalid", name, $"Invalid value: {number}: must be greater than or equal to 0")]);

    private static long? Positive(IQueryCollection query, string name) => QueryOptions.Number(query, name) is not { } number ? null
        : number > 0 ? number
        : throw KubernetesApiException.Invalid(new("", "v1", "PodLogOptions"), "", [new("FieldValueInvalid", name, $"Invalid value: {number}: must be greater than 0")]);
}
