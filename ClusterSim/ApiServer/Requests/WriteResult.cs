using System.Text.Json.Nodes;
using ClusterSim.Storage;

namespace ClusterSim.Requests;

/// <summary>The outcome of a write.</summary>
/// <param name="Object">The object, or a Status, in the version of the request.</param>
/// <param name="Code">HTTP status: 200, 201 or 202.</param>
/// <param name="Warnings">What the writer is told besides.</param>
internal sealed record WriteResult(Document Object, int Code, IReadOnlyList<string> Warnings)
{
    /// <summary>Answers that are not the stored object (Scale, Eviction, TokenRequest, Status); null where <see cref="Object"/> is the answer.</summary>
    public JsonObject? Answer { get; init; }
}
