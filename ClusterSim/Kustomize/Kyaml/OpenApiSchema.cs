using System.Text.Json;
using ClusterSim.Schema;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>
/// What kustomize knows of kinds: how their lists merge, and which are certainly cluster-scoped. That is the built-in schema, or the one that
/// <c>openapi.path</c> of the first kustomization names, instead of it.
/// </summary>
internal sealed class OpenApiSchema
{
    private const string KindExtension = "x-kubernetes-group-version-kind";

    /// <summary>The versions that <c>openapi.version</c> accepts in kustomize v5.5.</summary>
    public static readonly IReadOnlyList<string> Versions = ["v1.20.4", "v1.21.2", "v1.29.0"];

    private static readonly Lazy<OpenApiSchema> BuiltInSchema = new(() => new OpenApiSchema(TypeSchema.Load().Definitions));

    private readonly JsonElement _definitions;
    private readonly Dictionary<(string ApiVersion, string Kind), string> _byKind = [];
    private readonly Dictionary<(string ApiVersion, string Kind), bool> _namespaced = [];

    private OpenApiSchema(JsonElement definitions)
    {
        _definitions = definitions;
        foreach (var definition in definitions.Fields())
            foreach (var kind in definition.Value.At(KindExtension).Items())
                _byKind[Key(kind)] = definition.Name;
    }

    public static OpenApiSchema BuiltIn => BuiltInSchema.Value;

    /// <summary>Reads an OpenAPI v2 document.</summary>
    public static OpenApiSchema Custom(JsonElement document)
    {
        var api = new OpenApiSchema(document.At("definitions"));
        foreach (var path in document.At("paths").Fields())
            if (path.Value.At("get").At(KindExtension) is { ValueKind: JsonValueKind.Object } kind)
            {
                if (path.Name.Contains("namespaces/{namespace}", StringComparison.Ordinal))
                    api._namespaced[Key(kind)] = true;
                else
                    api._namespaced.TryAdd(Key(kind), false);
            }
        return api;
    }

    /// <summary>The schema of a kind; null where none is known.</summary>
    public ResourceSchema? Find(string apiVersion, string kind)
    {
        var name = _byKind.GetValueOrDefault((apiVersion, kind)) ?? (Successors.TryGetValue((apiVersion, kind), out var successor) ? _byKind.GetValueOrDefault((successor, kind)) : null);
        return name is null ? null : new ResourceSchema(_definitions, _definitions.At(name));
    }

    /// <summary>Returns whether a kind has no namespaces. A kind that is not known is taken to have them.</summary>
    public bool IsCertainlyClusterScoped(string apiVersion, string kind) =>
        ClusterScopedKinds.Contains(apiVersion, kind) || (_namespaced.TryGetValue((apiVersion, kind), out var namespaced) && !namespaced);

    // Versions that kustomize's schema still has and ours no longer: the later version merges alike.
    private static readonly IReadOnlyDictionary<(string ApiVersion, string Kind), string> Successors = new Dictionary<(string, string), string>
    {
        [("batch/v1beta1", "CronJob")] = "batch/v1",
        [("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration")] = "admissionregistration.k8s.io/v1",
        [("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration")] = "admissionregistration.k8s.io/v1",
        [("policy/v1beta1", "PodDisruptionBudget")] = "policy/v1",
    };

    private static (string ApiVersion, string Kind) Key(JsonElement kind) =>
        (kind.At("group").Text("") is { Length: > 0 } group ? $"{group}/{kind.At("version").Text("")}" : kind.At("version").Text(""), kind.At("kind").Text(""));
}
