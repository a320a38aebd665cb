using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Http;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Streaming;

/// <summary><c>pods/exec</c> and <c>pods/attach</c>.</summary>
internal sealed class PodCommand(ApiServer server, IKubelets kubelets, bool attaches) : IStreamingSubresource
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target, string? rest)
    {
        Streams.AuthorizeUpgrade(server, target, context.Request.Method);
        var pod = server.Require(target);
        var query = context.Request.Query;
        var wishes = new CommandWishes(
            QueryOptions.Flag(query, "stdin"),
            QueryOptions.Flag(query, "stdout"),
            QueryOptions.Flag(query, "stderr"),
            QueryOptions.Flag(query, "tty"));
        IReadOnlyList<string> command = [.. query["command"].Select(word => word ?? "")];
        var container = Streams.ContainerOf(pod, QueryOptions.Text(query, "container"));
        var kubelet = Streams.KubeletOf(kubelets, pod);
        if (!wishes.Input && !wishes.Output && !wishes.Error)
            throw KubernetesApiException.BadRequest("you must specify at least 1 of stdin, stdout, stderr");
        if (!attaches && command.Count == 0)
            throw KubernetesApiException.BadRequest("you must specify at least one command for the container");

        await using var client = await CommandConnection.AcceptAsync(context, wishes, server.Clock);
        var streams = new ContainerStreams(client.Input, client.Output, client.Error, wishes.IsTerminal, client.Sizes);
        JsonObject outcome;
        try
        {
            outcome = OutcomeOf(attaches
                ? await AttachAsync(kubelet, pod, container, streams, client.Closed)
                : await kubelet.ExecAsync(pod, container, command, streams, client.Closed));
        }
        catch (KubernetesApiException refusal)
        {
            outcome = refusal.ToStatus();
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or System.Net.WebSockets.WebSocketException)
        {
            // The client left: nobody is told.
            return;
        }
        await client.EndAsync(outcome);
    }

    /// <summary>How the container ended is its status's to say: runtimes tell whoever was attached that all went well.</summary>
    private static async Task<int> AttachAsync(IKubelet kubelet, Document pod, string container, ContainerStreams streams, CancellationToken closed)
    {
        await kubelet.AttachAsync(pod, container, streams, closed);
        return 0;
    }

    private static JsonObject OutcomeOf(int exitCode)
    {
        if (exitCode == 0)
            return Object(("metadata", new JsonObject()), ("status", "Success"));
        var code = exitCode.ToString(CultureInfo.InvariantCulture);
        return Object(
            ("metadata", new JsonObject()),
            ("status", "Failure"),
            ("message", $"command terminated with non-zero exit code: exit status {code}"),
            ("reason", "NonZeroExitCode"),
            ("details", Object(("causes", new JsonArray(Object(("reason", "ExitCode"), ("message", code)))))));
    }
}
