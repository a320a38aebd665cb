using System.Globalization;
using System.Text.Json;
using ClusterSim.Nodes.Containers;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Nodes;

/// <summary>The pod's own fields as the downward API gives them, to variables and to files.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="PodAddress">Its address.</param>
/// <param name="HostAddress">Its node's address.</param>
/// <param name="AllocatableCpu">What counts as the CPU limit where none is set: the node's allocatable.</param>
/// <param name="AllocatableMemory">What counts as the memory limit where none is set.</param>
internal sealed record PodFields(Document Pod, string PodAddress, string HostAddress, string AllocatableCpu, string AllocatableMemory)
{
    /// <summary>The pod's host name.</summary>
    public string Hostname => HostnameOf(Pod);

    /// <summary>The host name a pod gets: <c>spec.hostname</c>, else its name, cut to 63 characters.</summary>
    public static string HostnameOf(Document pod)
    {
        var name = pod.Spec.At("hostname").Text() ?? pod.Name;
        return name.Length <= 63 ? name : name[..63].TrimEnd('-', '.');
    }

    /// <summary>A field by its path; empty where the pod has none.</summary>
    /// <exception cref="ContainerConfigException">There is no such field for the downward API.</exception>
    public string Field(string path)
    {
        if (Subscript(path, "metadata.labels") is { } label)
            return Pod.Labels.GetValueOrDefault(label, "");
        if (Subscript(path, "metadata.annotations") is { } annotation)
            return Pod.Metadata.At("annotations").At(annotation).Text("");
        return path switch
        {
            "metadata.name" => Pod.Name,
            "metadata.namespace" => Pod.Namespace ?? "",
            "metadata.uid" => Pod.Uid,
            "metadata.labels" => Map(Pod.Labels),
            "metadata.annotations" => Map(Pod.Metadata.At("annotations").TextMap()),
            "spec.nodeName" => Pod.NodeName ?? "",
            "spec.serviceAccountName" => Pod.Spec.At("serviceAccountName").Text("default"),
            "status.podIP" or "status.podIPs" => PodAddress,
            "status.hostIP" or "status.hostIPs" => HostAddress,
            _ => throw new ContainerConfigException($"unsupported fieldPath: {path}"),
        };
    }

    /// <summary>A container's request or limit, divided and rounded up.</summary>
    /// <exception cref="ContainerConfigException">There is no such container or resource.</exception>
    public string ResourceField(JsonElement reference, JsonElement container)
    {
        if (reference.At("containerName").Text("") is { Length: > 0 } other)
            container = Pod.Spec.VisitContainers(ContainerType.WorkloadContainers).FirstOrDefault(one => one.At("name").Text() == other);
        if (!container.Exists())
            throw new ContainerConfigException($"container {reference.At("containerName").Text("")} not found");
        var path = reference.At("resource").Text("").Split('.', 2);
        if (path.Length != 2 || path[0] is not ("limits" or "requests"))
            throw new ContainerConfigException($"unsupported container resource : {reference.At("resource").Text("")}");
        var amount = container.At("resources", path[0], path[1]).Text()
            ?? (path[0] == "limits" ? path[1] switch { "cpu" => AllocatableCpu, "memory" => AllocatableMemory, _ => "0" } : "0");
        var divisor = Quantity.Parse(reference.At("divisor").Text("1")).Nanos is { IsZero: false } given ? given : Quantity.Of(1).Nanos;
        return ((Quantity.Parse(amount).Nanos + divisor - 1) / divisor).ToString(CultureInfo.InvariantCulture);
    }

    private static string? Subscript(string path, string of) =>
        path.StartsWith(of + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) ? path[(of.Length + 2)..^2] : null;

    private static string Map(IReadOnlyDictionary<string, string> map) =>
        string.Join('\n', map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={JsonSerializer.Serialize(pair.Value)}"));
}
