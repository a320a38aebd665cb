using ClusterSim.Patching;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ClusterSim.Http;

/// <summary>The shape an answer is asked for in.</summary>
internal enum ObjectForm
{
    /// <summary>The object or list itself.</summary>
    Plain,

    /// <summary><c>meta.k8s.io/v1</c> Table: rows and columns, as kubectl get wants them.</summary>
    Table,

    /// <summary>PartialObjectMetadata, or its list: no spec, no status.</summary>
    Metadata,
}

/// <summary>What the Accept header asks for, and what bodies are.</summary>
internal static class MediaTypes
{
    /// <summary>The form the client prefers among those we give. YAML is not given: Accept falls back to JSON.</summary>
    public static ObjectForm FormOf(HttpRequest request)
    {
        // Most clients ask for nothing special: what names no shape needs no parsing.
        if (!request.Headers.Accept.ToString().Contains("as=", StringComparison.Ordinal))
            return ObjectForm.Plain;
        foreach (var type in request.GetTypedHeaders().Accept)
        {
            if (type.MediaType != "application/json" && type.MediaType != "*/*" && type.MediaType != "application/*")
                continue;
            string? shape = null, group = null, version = null;
            foreach (var parameter in type.Parameters)
            {
                if (parameter.Name == "as")
                    shape = parameter.Value.ToString();
                else if (parameter.Name == "g")
                    group = parameter.Value.ToString();
                else if (parameter.Name == "v")
                    version = parameter.Value.ToString();
            }
            if (shape is null)
                return ObjectForm.Plain;
            if (group == "meta.k8s.io" && version == "v1")
            {
                if (shape == "Table")
                    return ObjectForm.Table;
                if (shape is "PartialObjectMetadata" or "PartialObjectMetadataList")
                    return ObjectForm.Metadata;
            }
        }
        return ObjectForm.Plain;
    }

    /// <summary>Whether the client takes plain JSON too, for want of the form it prefers.</summary>
    public static bool TakesPlain(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        return accepted.Count == 0 || accepted.Any(type =>
            type.MediaType.ToString() is "application/json" or "*/*" or "application/*" && type.Parameters.All(parameter => parameter.Name == "q"));
    }

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
        _ => throw new KubernetesApiException(415, "UnsupportedMediaType", "415: Unsupported Media Type", []) { SaysFailure = false },
    };
}
