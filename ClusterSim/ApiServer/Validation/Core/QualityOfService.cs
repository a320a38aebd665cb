using System.Text.Json;
using ClusterSim.Objects;

namespace ClusterSim.Validation.Core;

/// <summary>How sure a pod can be of its resources (<c>pkg/apis/core/helper/qos</c>).</summary>
internal static class QualityOfService
{
    /// <summary><c>Guaranteed</c>, <c>Burstable</c> or <c>BestEffort</c>.</summary>
    public static string Of(JsonElement spec)
    {
        // Requests and limits of the pod as a whole decide alone where they are given.
        var podLevel = spec.At("resources");
        var resources = podLevel.At("requests").Count() + podLevel.At("limits").Count() > 0
            ? [podLevel]
            : spec.VisitContainers(ContainerType.WorkloadContainers).Select(container => container.At("resources")).ToList();

        var anyRequested = false;
        var isGuaranteed = true;
        foreach (var needs in resources)
            foreach (var name in (ReadOnlySpan<string>)["cpu", "memory"])
            {
                var request = Amount.Of(needs.At("requests", name));
                var limit = Amount.Of(needs.At("limits", name));
                anyRequested |= request > 0 || limit > 0;
                isGuaranteed &= limit > 0 && (request == limit || !needs.At("requests", name).Exists());
            }
        return !anyRequested ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable";
    }
}
