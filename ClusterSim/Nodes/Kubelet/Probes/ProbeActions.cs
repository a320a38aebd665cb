using System.Net.Sockets;
using System.Text.Json;

namespace ClusterSim.Nodes.Probes;

/// <summary>Carries out one probe of any kind: <c>exec</c>, <c>httpGet</c>, <c>tcpSocket</c>, <c>grpc</c>.</summary>
internal static class ProbeActions
{
    // What the kubelet shows of a failed exec probe (pkg/probe/exec: maxReadLength).
    private const int OutputMax = 10 * 1024;

    /// <summary>One try, within the probe's time-out.</summary>
    public static async Task<ProbeResult> RunAsync(ProbeTarget target, JsonElement probe, TimeProvider clock, CancellationToken cancellation)
    {
        var seconds = probe.At("timeoutSeconds").Integer(1);
        using var timer = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), clock);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            if (target.IsStub)
                return await AskStubAsync(target, probe, timeout.Token);
            if (probe.At("httpGet") is { ValueKind: JsonValueKind.Object } http)
                return await HttpAction.RunAsync(target, http, $"kube-probe/{KubernetesVersion.MajorMinor}", timeout.Token);
            if (probe.At("tcpSocket") is { ValueKind: JsonValueKind.Object } tcp)
                return await ConnectAsync(target, tcp, timeout.Token);
            if (probe.At("grpc") is { ValueKind: JsonValueKind.Object } grpc)
                return await GrpcAction.RunAsync(target, grpc, seconds, timeout.Token);
            if (probe.At("exec") is { ValueKind: JsonValueKind.Object } exec)
                return await ExecuteAsync(target, exec, seconds, timeout.Token);
            return new(ProbeOutcome.Unknown, "missing probe handler");
        }
        catch (FormatException wrong)
        {
            return new(ProbeOutcome.Unknown, wrong.Message);
        }
    }

    private static async Task<ProbeResult> ConnectAsync(ProbeTarget target, JsonElement tcp, CancellationToken timeout)
    {
        var host = target.Host(tcp);
        var port = target.Port(tcp.At("port"));
        try
        {
            await (await target.DialAsync(host, port, timeout)).DisposeAsync();
            return ProbeResult.Success;
        }
        catch (OperationCanceledException)
        {
            return ProbeResult.Failure($"dial tcp {host}:{port}: i/o timeout");
        }
        catch (SocketException refused)
        {
            return ProbeResult.Failure(ProbeTarget.Words(host, port, refused));
        }
    }

    // Neither paths nor TLS, gRPC nor programs: the image that had them is not there.
    private static async Task<ProbeResult> AskStubAsync(ProbeTarget target, JsonElement probe, CancellationToken timeout)
    {
        foreach (var kind in (string[])["httpGet", "tcpSocket", "grpc"])
            if (probe.At(kind) is { ValueKind: JsonValueKind.Object } action)
                return await ConnectAsync(target, action, timeout);
        return ProbeResult.Success;
    }

    private static async Task<ProbeResult> ExecuteAsync(ProbeTarget target, JsonElement exec, int seconds, CancellationToken timeout)
    {
        List<string> command = [.. exec.At("command").Items().Select(word => word.Text(""))];
        try
        {
            var (exitCode, output) = await target.ExecAsync(command, timeout);
            return exitCode == 0 ? ProbeResult.Success : ProbeResult.Failure(output.Length > OutputMax ? output[..OutputMax] : output);
        }
        catch (OperationCanceledException)
        {
            return ProbeResult.Failure($"command timed out: \"{string.Join(' ', command)}\" timed out after {seconds}s");
        }
        catch (KubernetesApiException impossible)
        {
            return new(ProbeOutcome.Unknown, $"rpc error: code = Unknown desc = {impossible.Message.Replace("Internal error occurred: error executing command in container: ", "", StringComparison.Ordinal)}");
        }
    }
}
