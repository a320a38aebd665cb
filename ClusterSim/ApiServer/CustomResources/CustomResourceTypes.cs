using ClusterSim.Schema;

namespace ClusterSim.CustomResources;

/// <summary>Finds what a CustomResourceDefinition declares of a resource.</summary>
internal static class CustomResourceTypes
{
    /// <summary>Returns the definition's version of the resource; null for a built-in resource.</summary>
    public static CustomResourceVersion? CustomVersion(this ResourceType resource) => (CustomResourceVersion?)resource.Custom;
}
