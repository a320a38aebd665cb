using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Requests;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Reviews;

/// <summary>
/// May one do this: SelfSubjectAccessReview (the asker), SubjectAccessReview (anybody), LocalSubjectAccessReview (anybody, in one
/// namespace). <c>pkg/registry/authorization</c>.
/// </summary>
internal sealed class AccessReview(ApiServer server) : ISubresource
{
    /// <inheritdoc/>
    public WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var self = target.Resource.Kind == "SelfSubjectAccessReview";
        var spec = body.ToElement().At("spec");
        var errors = Validate(spec, self).ToList();
        if (target.Resource.Namespaced && spec.At("resourceAttributes", "namespace").Text("") != target.Namespace)
            errors.Add(new("FieldValueInvalid", "spec.resourceAttributes.namespace",
                $"Invalid value: \"{spec.At("resourceAttributes", "namespace").Text("")}\": must match metadata.namespace"));
        if (errors.Count > 0)
            throw KubernetesApiException.Invalid(target.Resource.GroupVersionKind, "", errors);
        if (target.Resource.Namespaced)
            body.Ensure("metadata")["namespace"] = target.Namespace;

        var who = self ? target.User : new UserInfo(spec.At("user").Text(""), ReviewAnswers.Texts(spec.At("groups")))
        {
            Uid = spec.At("uid").Text(""),
            Extra = spec.At("extra").Fields().ToDictionary(field => field.Name, field => ReviewAnswers.Texts(field.Value), StringComparer.Ordinal),
        };
        var allowed = server.Authorizer.IsAllowed(Asked(who, spec), out var reason);
        return server.Answer(target, body, options, Object(("allowed", allowed), ("reason", reason.Length == 0 ? null : reason)));
    }

    private static AccessAttributes Asked(UserInfo who, JsonElement spec)
    {
        if (spec.At("nonResourceAttributes") is { ValueKind: JsonValueKind.Object } path)
            return new AccessAttributes(who, path.At("verb").Text(""), null, Path: path.At("path").Text(""));
        var resource = spec.At("resourceAttributes");
        return new AccessAttributes(
            who, resource.At("verb").Text(""), new(resource.At("group").Text(""), resource.At("resource").Text("")),
            Set(resource.At("subresource")), Set(resource.At("namespace")), Set(resource.At("name")));

        static string? Set(JsonElement text) => text.Text() is { Length: > 0 } set ? set : null;
    }

    private static IEnumerable<FieldError> Validate(JsonElement spec, bool self)
    {
        var (resource, path) = (spec.At("resourceAttributes").Exists(), spec.At("nonResourceAttributes").Exists());
        if (resource && path)
            yield return new("FieldValueInvalid", "spec.nonResourceAttributes",
                $"Invalid value: {spec.At("nonResourceAttributes").GetRawText()}: cannot be specified in combination with resourceAttributes");
        if (!resource && !path)
            yield return new("FieldValueInvalid", "spec.resourceAttributes",
                "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified");
        if (!self && spec.At("user").Text("").Length == 0 && spec.At("groups").Count() == 0)
            yield return new("FieldValueInvalid", "spec.user", "Invalid value: \"\": at least one of user or group must be specified");
    }
}
