using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>
/// A namespace's LimitRanges: fill in what containers do not ask for, and refuse what is below, above or out of ratio
/// (<c>plugin/pkg/admission/limitranger</c>).
/// </summary>
internal sealed class LimitRanger(VersionedStore store) : AdmissionPlugin
{
    private const string Annotation = "kubernetes.io/limit-ranger";
    private static readonly GroupResource LimitRanges = new("", "limitranges");
    private static readonly GroupResource Claims = new("", "persistentvolumeclaims");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Pods, Create) || store.Current(LimitRanges).CountIn(request.Target.Namespace!) == 0)
            return;
        foreach (var range in store.Current(LimitRanges).All(request.Target.Namespace))
            FillIn(range.Spec, request.Object!);
    }

    /// <inheritdoc/>
    public override void Validate(AdmissionRequest request)
    {
        var claim = Is(request, Claims, Create) || Is(request, Claims, Update);
        var resize = request.Target.Subresource == "resize" && request.Operation == Update;
        if ((!claim && !resize && !Is(request, Pods, Create)) || store.Current(LimitRanges).CountIn(request.Target.Namespace!) == 0)
            return;
        var spec = request.Object!.ToElement().At("spec");
        foreach (var range in store.Current(LimitRanges).All(request.Target.Namespace))
        {
            var complaints = range.Spec.At("limits").Items()
                .SelectMany(limit => claim ? OfClaim(limit, spec) : OfPod(limit, spec)).ToList();
            if (complaints.Count > 0)
                throw Forbidden(request, complaints is [var one] ? one : $"[{string.Join(", ", complaints)}]");
        }
    }

    private static void FillIn(JsonElement range, JsonObject pod)
    {
        var requests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var limits = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var limit in range.At("limits").Items().Where(limit => limit.At("type").Text() == "Container"))
        {
            foreach (var field in limit.At("defaultRequest").Fields())
                requests[field.Name] = field.Value.Text("");
            foreach (var field in limit.At("default").Fields())
                limits[field.Name] = field.Value.Text("");
        }
        if (requests.Count == 0 && limits.Count == 0)
            return;
        var told = new List<string>();
        var spec = pod.Ensure("spec");
        foreach (var type in (ReadOnlySpan<ContainerType>)[ContainerType.Containers, ContainerType.InitContainers])
            foreach (var container in spec.VisitContainers(type))
            {
                var (what, name) = (type == ContainerType.Containers ? "container" : "init container", container.Text("name"));
                var resources = container.Ensure("resources");
                Fill(resources, "requests", requests, $"request for {what} {name}", told);
                Fill(resources, "limits", limits, $"limit for {what} {name}", told);
            }
        if (told.Count > 0)
            pod.Ensure("metadata").Ensure("annotations")[Annotation] = $"LimitRanger plugin set: {string.Join("; ", told)}";
    }

    private static void Fill(JsonObject resources, string which, SortedDictionary<string, string> defaults, string what, List<string> told)
    {
        var present = resources[which] as JsonObject;
        var set = defaults.Where(one => present?[one.Key] is null).ToList();
        if (set.Count == 0)
            return;
        foreach (var (name, value) in set)
            resources.Ensure(which)[name] = value;
        told.Add($"{string.Join(", ", set.Select(one => one.Key))} {what}");
    }

    private static IEnumerable<string> OfClaim(JsonElement limit, JsonElement spec)
    {
        if (limit.At("type").Text() != "PersistentVolumeClaim")
            yield break;
        var requests = PodResources.Read(spec.At("resources", "requests"));
        foreach (var complaint in Below(limit, requests, []).Concat(Above(limit, requests, [], ofRequests: true)))
            yield return complaint;
    }

    private static IEnumerable<string> OfPod(JsonElement limit, JsonElement spec)
    {
        switch (limit.At("type").Text())
        {
            case "Container":
                foreach (var container in spec.VisitContainers(ContainerType.Containers).Concat(spec.VisitContainers(ContainerType.InitContainers)))
                    foreach (var complaint in Check(limit, PodResources.Read(container.At("resources", "requests")), PodResources.Read(container.At("resources", "limits"))))
                        yield return complaint;
                break;
            case "Pod":
                foreach (var complaint in Check(limit, PodResources.Requests(spec), PodResources.Limits(spec)))
                    yield return complaint;
                break;
        }
    }

    private static IEnumerable<string> Check(JsonElement limit, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits) =>
        Below(limit, requests, limits).Concat(Above(limit, requests, limits, ofRequests: false)).Concat(OutOfRatio(limit, requests, limits));

    private static IEnumerable<string> Below(JsonElement limit, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits)
    {
        foreach (var (name, enforced) in Enforced(limit, "min"))
        {
            var rule = $"minimum {name} usage per {limit.At("type").Text()} is {enforced}";
            if (!requests.TryGetValue(name, out var request))
                yield return $"{rule}.  No request is specified";
            else if (request < enforced)
                yield return $"{rule}, but request is {request}";
            else if (limits.TryGetValue(name, out var most) && most < enforced)
                yield return $"{rule}, but limit is {most}";
        }
    }

    private static IEnumerable<string> Above(JsonElement limit, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits, bool ofRequests)
    {
        foreach (var (name, enforced) in Enforced(limit, "max"))
        {
            var rule = $"maximum {name} usage per {limit.At("type").Text()} is {enforced}";
            var requested = requests.TryGetValue(name, out var request);
            if (ofRequests)
            {
                if (!requested)
                    yield return $"{rule}.  No request is specified";
                else if (request > enforced)
                    yield return $"{rule}, but request is {request}";
            }
            else if (!limits.TryGetValue(name, out var most))
            {
                yield return $"{rule}.  No limit is specified";
            }
            else if (most > enforced)
            {
                yield return $"{rule}, but limit is {most}";
            }
            else if (requested && request > enforced)
            {
                yield return $"{rule}, but request is {request}";
            }
        }
    }

    private static IEnumerable<string> OutOfRatio(JsonElement limit, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits)
    {
        foreach (var (name, enforced) in Enforced(limit, "maxLimitRequestRatio"))
        {
            var rule = $"{name} max limit to request ratio per {limit.At("type").Text()} is {enforced}";
            if (!requests.TryGetValue(name, out var request) || request.IsZero)
                yield return $"{rule}, but no request is specified or request is 0";
            else if (!limits.TryGetValue(name, out var most) || most.IsZero)
                yield return $"{rule}, but no limit is specified or limit is 0";
            else if ((double)most.Nanos / (double)request.Nanos > (double)enforced.Nanos / 1e9)
                yield return $"{rule}, but provided ratio is {(double)most.Nanos / (double)request.Nanos:F6}";
        }
    }

    private static IEnumerable<KeyValuePair<string, Quantity>> Enforced(JsonElement limit, string which) =>
        PodResources.Read(limit.At(which)).OrderBy(one => one.Key, StringComparer.Ordinal);
}
