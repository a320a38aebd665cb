using ClusterSim.Patching;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ClusterSim.Http;

/// <summary>What bodies are written in.</summary>
internal static class MediaTypes
{
    /// <summary>The media type of a body without its parameters; JSON where none is said.</summary>
    public static string BodyTypeOf(HttpRequest request) =>
        request.ContentType == "application/json" ? "application/json"
        : MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType.ToString().ToLowerInvariant() : "application/json";

    /// <summary>The kind of patch a content type stands for.</summary>
    /// <exception cref="KubernetesApiException">415.</exception>
    public static PatchType PatchTypeOf(string mediaType) => mediaType switch
    {
        "application/json-patch+json" => PatchType.Json,
        "application/merge-patch+json" => PatchType.Merge,
        "application/strategic-merge-patch+json" => PatchType.StrategicMerge,
        "application/apply-patch+yaml" or "application/apply-patch+json" => PatchType.Apply,
        _ => throw new KubernetesApiException(415, "UnsupportedMediaType", "415: Unsupported Media Type", []),
    };
}
