using System.Text.Json;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>A Job's <c>podFailurePolicy</c> (<c>pod_failure_policy.go</c>).</summary>
internal static class PodFailurePolicy
{
    /// <summary>Returns the action of the first rule that matches a failed pod, and its message; null if none does (<c>matchPodFailurePolicy</c>).</summary>
    public static (string Action, string? Message)? Match(Document job, Document pod)
    {
        var index = 0;
        foreach (var rule in job.Spec.At("podFailurePolicy", "rules").Items())
        {
            var action = rule.At("action").Text("Count");
            if (rule.At("onExitCodes").Exists() && ExitCode(rule.At("onExitCodes"), pod) is var (container, code))
                return (action, $"Container {container} for pod {pod.Namespace}/{pod.Name} failed with exit code {code} matching {action} rule at index {index}");
            foreach (var pattern in rule.At("onPodConditions").Items())
                if (pod.Condition(pattern.At("type").Text("")).At("status").Text() == pattern.At("status").Text("True"))
                    return (action, $"Pod {pod.Namespace}/{pod.Name} has condition {pattern.At("type").Text()} matching {action} rule at index {index}");
            index++;
        }
        return null;
    }

    private static (string Container, long Code)? ExitCode(JsonElement rule, Document pod)
    {
        var values = rule.At("values").Items().Select(value => value.Integer() ?? 0).ToHashSet();
        var only = rule.At("containerName").Text();
        foreach (var list in (string[])["containerStatuses", "initContainerStatuses"])
            foreach (var container in pod.Status.At(list).Items())
                if (container.At("state", "terminated", "exitCode").Integer() is { } code && code != 0
                    && (string.IsNullOrEmpty(only) || container.At("name").Text() == only)
                    && values.Contains(code) == (rule.At("operator").Text() == "In"))
                    return (container.At("name").Text(""), code);
        return null;
    }
}
