using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Objects;

/// <summary>The lists of containers in a pod's spec (<c>pkg/api/v1/pod</c>).</summary>
[Flags]
internal enum ContainerType
{
    /// <summary>The regular containers.</summary>
    Containers = 1,

    /// <summary>The init containers, sidecars included.</summary>
    InitContainers = 2,

    /// <summary>The ephemeral containers.</summary>
    EphemeralContainers = 4,

    /// <summary>All that a workload's template may have.</summary>
    WorkloadContainers = Containers | InitContainers,

    /// <summary>All.</summary>
    AllContainers = WorkloadContainers | EphemeralContainers,
}

/// <summary>Enumerates the containers of a pod's spec (<c>pkg/api/v1/pod</c>, <c>VisitContainers</c>).</summary>
internal static class PodContainers
{
    // In the order of VisitContainers.
    private static readonly (ContainerType Type, string Field)[] Lists =
    [
        (ContainerType.InitContainers, "initContainers"), (ContainerType.Containers, "containers"), (ContainerType.EphemeralContainers, "ephemeralContainers"),
    ];

    /// <summary>The fields of a pod's spec with containers of these types: init containers first, ephemeral ones last.</summary>
    public static IEnumerable<string> Fields(this ContainerType types)
    {
        foreach (var (type, field) in Lists)
            if (types.HasFlag(type))
                yield return field;
    }

    /// <summary>The containers of these types in a pod's spec: init containers first, ephemeral ones last.</summary>
    public static IEnumerable<JsonElement> VisitContainers(this JsonElement podSpec, ContainerType types)
    {
        foreach (var field in types.Fields())
            foreach (var container in podSpec.At(field).Items())
                yield return container;
    }

    /// <inheritdoc cref="VisitContainers(JsonElement, ContainerType)"/>
    public static IEnumerable<JsonObject> VisitContainers(this JsonObject? podSpec, ContainerType types)
    {
        foreach (var field in types.Fields())
            foreach (var container in (podSpec?[field] as JsonArray ?? []).OfType<JsonObject>())
                yield return container;
    }

    /// <summary>The containers that run beside each other: the regular ones, and the sidecars.</summary>
    public static IEnumerable<JsonElement> VisitRunningContainers(this JsonElement podSpec) =>
        podSpec.VisitContainers(ContainerType.Containers).Concat(podSpec.Sidecars());

    /// <summary>The init containers that keep running.</summary>
    public static IEnumerable<JsonElement> Sidecars(this JsonElement podSpec) => podSpec.VisitContainers(ContainerType.InitContainers).Where(IsRestartableInitContainer);

    /// <summary>Whether an init container is a sidecar (<c>pkg/api/v1/pod</c>, <c>IsRestartableInitContainer</c>).</summary>
    public static bool IsRestartableInitContainer(this JsonElement container) => container.At("restartPolicy").Text() == "Always";
}
