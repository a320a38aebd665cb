using System.Text.Json.Nodes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Tables;

/// <summary>Turns objects into rows.</summary>
internal interface ITables
{
    /// <summary>A Table of the objects. <paramref name="includeObject"/>: None, Metadata or Object.</summary>
    JsonObject Table(
        ResourceType resource, IReadOnlyList<Document> items, string includeObject, bool withColumns, ListResult? list);
}
