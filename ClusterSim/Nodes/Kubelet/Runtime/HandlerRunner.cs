using System.Text.Json;
using ClusterSim.Nodes.Probes;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Runs the handlers of <c>postStart</c> and <c>preStop</c>: exec, httpGet, sleep (the kubelet's <c>handlerRunner</c>).</summary>
internal static class HandlerRunner
{
    /// <summary>Runs a handler to its end.</summary>
    /// <returns>Why it failed; null where it did not.</returns>
    public static async Task<string?> RunAsync(ProbeTarget target, JsonElement handler, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            if (handler.At("exec") is { ValueKind: JsonValueKind.Object } exec)
            {
                List<string> command = [.. exec.At("command").Items().Select(word => word.Text(""))];
                var (exitCode, output) = await target.ExecAsync(command, cancellation);
                return exitCode == 0 ? null : $"command '{string.Join(' ', command)}' exited with {exitCode}: {output}";
            }
            if (handler.At("httpGet") is { ValueKind: JsonValueKind.Object } http)
            {
                var result = await HttpAction.RunAsync(target, http, $"kube-lifecycle/{KubernetesVersion.MajorMinor}", cancellation);
                // Any answer counts as success, whatever its status.
                return result.Outcome == ProbeOutcome.Success || result.Message.StartsWith("HTTP probe failed", StringComparison.Ordinal) ? null : result.Message;
            }
            if (handler.At("sleep") is { ValueKind: JsonValueKind.Object } sleep)
            {
                await Task.Delay(TimeSpan.FromSeconds(sleep.At("seconds").Integer(0)), clock, cancellation);
                return null;
            }
            return "invalid handler: the simulator supports exec, httpGet and sleep";
        }
        catch (Exception ex) when (ex is KubernetesApiException or FormatException)
        {
            return ex.Message;
        }
        catch (OperationCanceledException)
        {
            return "context deadline exceeded";
        }
    }
}
