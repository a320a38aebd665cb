using System.Text.Json;
using ClusterSim.Nodes.Probes;

namespace ClusterSim.Nodes;

/// <summary>Carries out <c>postStart</c> and <c>preStop</c>: exec, httpGet, sleep.</summary>
internal static class LifecycleHook
{
    /// <summary>Runs a hook to its end.</summary>
    /// <returns>Why it failed; null where it did not.</returns>
    public static async Task<string?> RunAsync(ProbeTarget target, JsonElement hook, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            if (hook.At("exec") is { ValueKind: JsonValueKind.Object } exec)
            {
                List<string> command = [.. exec.At("command").Items().Select(word => word.Text(""))];
                var (exitCode, output) = await target.ExecAsync(command, cancellation);
                return exitCode == 0 ? null : $"command '{string.Join(' ', command)}' exited with {exitCode}: {output}";
            }
            if (hook.At("httpGet") is { ValueKind: JsonValueKind.Object } http)
            {
                var result = await HttpAction.RunAsync(target, http, "kube-lifecycle/1.36", cancellation);
                // A hook has run when there was an answer, whatever it was.
                return result.Outcome == ProbeOutcome.Success || result.Message.StartsWith("HTTP probe failed", StringComparison.Ordinal) ? null : result.Message;
            }
            if (hook.At("sleep") is { ValueKind: JsonValueKind.Object } sleep)
            {
                await Task.Delay(TimeSpan.FromSeconds(sleep.At("seconds").Integer(0)), clock, cancellation);
                return null;
            }
            return "invalid handler: the simulator knows exec, httpGet and sleep";
        }
        catch (Exception failure) when (failure is KubernetesApiException or FormatException)
        {
            return failure.Message;
        }
        catch (OperationCanceledException)
        {
            return "context deadline exceeded";
        }
    }
}
