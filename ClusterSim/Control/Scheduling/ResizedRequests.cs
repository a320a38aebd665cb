using System.Text.Json;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// What a container that is being resized counts as (<c>resourcehelper.PodRequests</c> with the status' resources): the most of what it asks for,
/// what its node has given it and what it runs with; without the wish where that can never be granted.
/// </summary>
internal static class ResizedRequests
{
    /// <summary>What one container of a pod counts as.</summary>
    public static ResourceAmounts Of(Document pod, JsonElement container)
    {
        var wished = ResourceAmounts.Of(container.At("resources", "requests"));
        var status = StatusesOf(pod).FirstOrDefault(one => one.At("name").Text() == container.At("name").Text());
        if (!status.At("allocatedResources").Exists())
            return wished;
        var given = ResourceAmounts.Max(ResourceAmounts.Of(status.At("allocatedResources")), ResourceAmounts.Of(status.At("resources", "requests")));
        return IsInfeasible(pod) ? given : ResourceAmounts.Max(wished, given);
    }

    /// <summary>Whether a pod on its node may count as something else than before, its spec being the same.</summary>
    public static bool Differ(Document before, Document after) =>
        IsInfeasible(before) != IsInfeasible(after)
        || (StatusesOf(before).Any(status => status.At("allocatedResources").Exists()) && !StatusesOf(before).Select(Text).SequenceEqual(StatusesOf(after).Select(Text)));

    private static (string, string) Text(JsonElement status) => (Raw(status.At("allocatedResources")), Raw(status.At("resources", "requests")));

    private static string Raw(JsonElement value) => value.Exists() ? value.GetRawText() : "";

    private static bool IsInfeasible(Document pod) => pod.Status.At("conditions").Items()
        .Any(condition => condition.At("type").Text() == "PodResizePending" && condition.At("reason").Text() == "Infeasible");

    private static IEnumerable<JsonElement> StatusesOf(Document pod) =>
        pod.Status.At("containerStatuses").Items().Concat(pod.Status.At("initContainerStatuses").Items());
}
