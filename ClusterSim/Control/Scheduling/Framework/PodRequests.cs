using System.Text.Json;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Framework;

/// <summary>The requests of a pod (<c>PodRequests</c> of <c>k8s.io/component-helpers/resource</c>, with the status' resources).</summary>
internal static class PodRequests
{
    // The requests that scores assume for a container without any (DefaultMilliCPURequest, DefaultMemoryRequest).
    private const long DefaultMilliCpu = 100;
    private const long DefaultMemory = 200 * 1024 * 1024;

    /// <summary>
    /// Returns the pod's requests, and those that scores compare. The requests are the larger of: containers and sidecars together; the largest
    /// init container with the sidecars started before it. Pod-level requests override them; the overhead is added.
    /// </summary>
    public static (Resource Requests, (long MilliCpu, long Memory) NonZeroRequests) Of(Document pod)
    {
        var spec = pod.Spec;
        var sum = Resource.Zero;
        long cpu = 0;
        long memory = 0;
        foreach (var container in spec.VisitContainers(ContainerType.Containers))
        {
            var requests = OfContainer(pod, container);
            sum += requests;
            cpu += requests.MilliCpu == 0 ? DefaultMilliCpu : requests.MilliCpu;
            memory += requests.Memory == 0 ? DefaultMemory : requests.Memory;
        }
        var sidecars = Resource.Zero;
        var init = Resource.Zero;
        foreach (var container in spec.VisitContainers(ContainerType.InitContainers))
        {
            var requests = OfContainer(pod, container);
            if (container.IsRestartableInitContainer())
            {
                sidecars += requests;
                init = Resource.Max(init, sidecars);
            }
            else
            {
                init = Resource.Max(init, sidecars + requests);
            }
        }
        sum = Resource.Max(sum + sidecars, init);
        var podLevel = spec.At("resources", "requests");
        if (podLevel.Exists())
        {
            var requests = Resource.Of(podLevel);
            sum = sum with
            {
                MilliCpu = requests.MilliCpu > 0 ? requests.MilliCpu : sum.MilliCpu,
                Memory = requests.Memory > 0 ? requests.Memory : sum.Memory,
            };
        }
        sum += Resource.Of(spec.At("overhead"));
        return (sum, (Math.Max(cpu, sum.MilliCpu), Math.Max(memory, sum.Memory)));
    }

    /// <summary>Returns whether a bound pod's requests may have changed although its spec did not.</summary>
    public static bool MayDiffer(Document before, Document after) =>
        IsPodResizeInfeasible(before) != IsPodResizeInfeasible(after)
        || (StatusesOf(before).Any(status => status.At("allocatedResources").Exists()) && !StatusesOf(before).Select(Texts).SequenceEqual(StatusesOf(after).Select(Texts)));

    /// <summary>
    /// Returns a container's requests. While it is resized, these are the largest of the desired, the allocated and the actual ones, without
    /// the desired ones if the resize is infeasible (<c>determineContainerReqs</c>).
    /// </summary>
    private static Resource OfContainer(Document pod, JsonElement container)
    {
        var desired = Resource.Of(container.At("resources", "requests"));
        var status = StatusesOf(pod).FirstOrDefault(one => one.At("name").Text() == container.At("name").Text());
        if (!status.At("allocatedResources").Exists())
            return desired;
        var allocated = Resource.Max(Resource.Of(status.At("allocatedResources")), Resource.Of(status.At("resources", "requests")));
        return IsPodResizeInfeasible(pod) ? allocated : Resource.Max(desired, allocated);
    }

    private static (string, string) Texts(JsonElement status) => (RawText(status.At("allocatedResources")), RawText(status.At("resources", "requests")));

    private static string RawText(JsonElement value) => value.Exists() ? value.GetRawText() : "";

    private static bool IsPodResizeInfeasible(Document pod) => pod.Status.At("conditions").Items()
        .Any(condition => condition.At("type").Text() == "PodResizePending" && condition.At("reason").Text() == "Infeasible");

    private static IEnumerable<JsonElement> StatusesOf(Document pod) =>
        pod.Status.At("containerStatuses").Items().Concat(pod.Status.At("initContainerStatuses").Items());
}
