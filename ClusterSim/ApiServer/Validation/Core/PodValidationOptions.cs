using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>In what a pod's spec stands, where the rules differ.</summary>
internal sealed record PodValidationOptions
{
    // First: the instances below are made of it.
    private static readonly IReadOnlySet<string> None = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>A template's spec.</summary>
    public static PodValidationOptions Template { get; } = new();

    /// <summary>A Pod's own spec.</summary>
    public static PodValidationOptions Pod { get; } = new() { IsPod = true };

    /// <summary>Whether the spec is that of a Pod, not of a template.</summary>
    public bool IsPod { get; init; }

    /// <summary>Volumes that come from elsewhere: the claim templates of a StatefulSet.</summary>
    public IReadOnlySet<string> OtherVolumes { get; init; } = None;
}

/// <summary>What the containers of one spec are checked against.</summary>
/// <param name="Options">In what the spec stands.</param>
/// <param name="Spec">The spec.</param>
/// <param name="Volumes">Its well-formed volumes by name.</param>
/// <param name="GracePeriodSeconds">How long it may take to end; null where that is not said.</param>
/// <param name="UsesHostUsers">Whether its user ids are the host's.</param>
internal sealed record PodContext(
    PodValidationOptions Options, JsonElement Spec, IReadOnlyDictionary<string, JsonElement> Volumes, long? GracePeriodSeconds, bool UsesHostUsers);
