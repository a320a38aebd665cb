namespace ClusterSim.Nodes;

/// <summary>A simulated node as it is to be.</summary>
public sealed record NodeOptions
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>CPUs it has to give, as a quantity.</summary>
    public string Cpu { get; init; } = "8";

    /// <summary>Memory it has to give, as a quantity.</summary>
    public string Memory { get; init; } = "32Gi";

    /// <summary>Local storage it has to give, as a quantity.</summary>
    public string EphemeralStorage { get; init; } = "100Gi";

    /// <summary>How many pods it takes.</summary>
    public int Pods { get; init; } = 110;

    /// <summary>Labels besides those every kubelet sets.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Taints it registers with: key, value, effect.</summary>
    public IReadOnlyList<(string Key, string Value, string Effect)> Taints { get; init; } = [];
}
