using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Registry;

/// <summary>A resource whose objects are made at every question and stored nowhere, as an aggregated API server's may be: it can be read, not written or watched.</summary>
internal interface IComputedResource
{
    /// <summary>The resource.</summary>
    ResourceType Type { get; }

    /// <summary>One object as it is now; authorization has happened.</summary>
    /// <exception cref="KubernetesApiException">404.</exception>
    Document Get(ObjectKey key);

    /// <summary>All objects as they are now, in the order of their names; of one namespace where one is named.</summary>
    IEnumerable<Document> List(string? @namespace);
}
