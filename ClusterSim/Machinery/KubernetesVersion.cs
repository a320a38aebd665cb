namespace ClusterSim.Machinery;

/// <summary>The version of Kubernetes that is simulated.</summary>
internal static class KubernetesVersion
{
    /// <summary>The major version.</summary>
    public const string Major = "1";

    /// <summary>The minor version.</summary>
    public const string Minor = "36";

    /// <summary>The minor version as a number.</summary>
    public static int MinorNumber { get; } = int.Parse(Minor, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The version without its patch, as user agents name it.</summary>
    public const string MajorMinor = $"{Major}.{Minor}";

    /// <summary>The version that nodes report.</summary>
    public const string Kubelet = $"v{MajorMinor}.0";

    /// <summary>The version that the API server reports. The build part says that it is simulated; clients compare what precedes it.</summary>
    public const string Git = $"{Kubelet}+sim";
}
