using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.Nodes;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;

namespace ClusterSim.Metrics;

/// <summary>Refuses annotations of use that could not be understood: the simulator's own, so that a mistake in one is not silently no metric.</summary>
internal sealed class UsageAdmission : AdmissionPlugin
{
    private static readonly GroupResource Nodes = new("", "nodes");

    /// <inheritdoc/>
    public override void Validate(AdmissionRequest request)
    {
        var resource = request.Target.Resource.GroupResource;
        if (request.Operation is not (Create or Update) || request.Target.Subresource is not null || (resource != Pods && resource != Nodes)
            || request.Object?["metadata"]?["annotations"] is not JsonObject annotations)
            return;
        var errors = new List<FieldError>();
        foreach (var (name, value) in annotations)
        {
            if (!name.StartsWith(UsageAnnotations.Prefix, StringComparison.Ordinal))
                continue;
            var path = $"metadata.annotations[{name}]";
            var text = annotations.Text(name) ?? "";
            if (!UsageAnnotations.Resources.Contains(name[UsageAnnotations.Prefix.Length..]))
                errors.Add(new("FieldValueNotSupported", path, $"Unsupported value: \"{name}\": supported values: {string.Join(", ", UsageAnnotations.Resources.Select(one => $"\"{UsageAnnotations.Prefix}{one}\""))}"));
            else if (UsageAnnotations.Complaint(text, resource == Pods ? Containers(request.Object) : [], resource == Pods ? Sidecars(request.Object) : []) is { } complaint)
                errors.Add(new("FieldValueInvalid", path, $"Invalid value: \"{text}\": {complaint}"));
        }
        if (errors.Count > 0)
            throw KubernetesApiException.Invalid(request.Target.Resource.GroupVersionKind, NameOf(request), errors);
    }

    private static IReadOnlyList<string> Containers(JsonObject pod) => [.. (pod["spec"] as JsonObject).VisitContainers(ContainerType.Containers).Select(container => container.Text("name") ?? "")];

    private static IReadOnlyList<string> Sidecars(JsonObject pod) =>
        [.. (pod["spec"] as JsonObject).VisitContainers(ContainerType.InitContainers).Where(container => container.Text("restartPolicy") == "Always").Select(container => container.Text("name") ?? "")];
}
