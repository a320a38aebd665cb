using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim;

/// <summary>
/// A refusal, as the API tells it: an HTTP status with a <c>Status</c> object. The factory methods are apimachinery's
/// (<c>k8s.io/apimachinery/pkg/api/errors</c>), with its words.
/// </summary>
internal sealed class KubernetesApiException(int code, string? reason, string? message, JsonObject? details = null)
    : Exception(message ?? "")
{
    /// <summary>HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary>The sentence; null where Kubernetes sends none.</summary>
    public string? Told => Message.Length == 0 ? null : Message;

    /// <summary>The machine-readable reason (<c>NotFound</c>, <c>Conflict</c>, …).</summary>
    public string? Reason { get; } = reason;

    /// <summary>Seconds after which to try again, sent as <c>Retry-After</c>.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>A token to go on with, sent in the Status' metadata: where a list's own has expired.</summary>
    public string? Continue { get; init; }

    /// <summary>Whether the Status says <c>Failure</c>; what Kubernetes' router refuses does not.</summary>
    public bool SaysFailure { get; init; } = true;

    /// <summary>Kind, name, causes.</summary>
    public JsonObject? Details { get; } = details;

    /// <summary>The <c>Status</c> object.</summary>
    public JsonObject ToStatus() => Object(
        ("kind", "Status"),
        ("apiVersion", "v1"),
        ("metadata", Object(("continue", Continue))),
        ("status", SaysFailure ? "Failure" : null),
        ("message", Told),
        ("reason", Reason),
        ("details", Details?.DeepClone()),
        ("code", Code));

    /// <summary>404: no such object.</summary>
    public static KubernetesApiException NotFound(GroupResource resource, string name) =>
        new(404, "NotFound", $"{resource} \"{name}\" not found", Names(resource, name));

    /// <summary>409: an object of that name is there.</summary>
    public static KubernetesApiException AlreadyExists(GroupResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource} \"{name}\" already exists", Names(resource, name));

    /// <summary>409: it is not what the writer saw.</summary>
    public static KubernetesApiException Conflict(GroupResource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource} \"{name}\": {why}", Names(resource, name));

    /// <summary>409 in the words of optimistic concurrency.</summary>
    public static KubernetesApiException Modified(GroupResource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>403.</summary>
    public static KubernetesApiException Forbidden(GroupResource resource, string name, string why) =>
        new(403, "Forbidden", name.Length == 0 ? $"{resource} is forbidden: {why}" : $"{resource} \"{name}\" is forbidden: {why}", Names(resource, name));

    /// <summary>400.</summary>
    public static KubernetesApiException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>405.</summary>
    public static KubernetesApiException MethodNotSupported(GroupResource resource, string verb) =>
        new(405, "MethodNotAllowed", $"{verb} is not supported on resources of kind \"{resource}\"", Names(resource, ""));

    /// <summary>401.</summary>
    public static KubernetesApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    /// <summary>410: what was asked for is too old.</summary>
    public static KubernetesApiException Expired(string message) => new(410, "Expired", message);

    /// <summary>415.</summary>
    public static KubernetesApiException UnsupportedMediaType(string message) => new(415, "UnsupportedMediaType", message);

    /// <summary>429.</summary>
    public static KubernetesApiException TooManyRequests(string message, int retryAfterSeconds, JsonObject? details = null) =>
        new(429, "TooManyRequests", message, details) { RetryAfterSeconds = retryAfterSeconds };

    /// <summary>500 that tells what is wrong.</summary>
    public static KubernetesApiException InternalError(string message) => new(
        500, "InternalError", $"Internal error occurred: {message}", Object(("causes", new JsonArray(Object(("message", message))))));

    /// <summary>422: the object breaks rules of its kind; every one is told.</summary>
    public static KubernetesApiException Invalid(GroupVersionKind kind, string name, IReadOnlyList<FieldError> errors)
    {
        var told = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors.Select(error => error.ToString()).Distinct(StringComparer.Ordinal))}]";
        var who = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
        return new KubernetesApiException(
            422, "Invalid", $"{who} \"{name}\" is invalid: {told}",
            Object(
                ("name", name.Length == 0 ? null : name),
                ("group", kind.Group.Length == 0 ? null : kind.Group),
                ("kind", kind.Kind),
                ("causes", new JsonArray([.. errors.Select(error => Object(("reason", error.Reason), ("message", error.Detail), ("field", error.Field)))]))));
    }

    private static JsonObject Names(GroupResource resource, string name) => Object(
        ("name", name.Length == 0 ? null : name),
        ("group", resource.Group.Length == 0 ? null : resource.Group),
        ("kind", resource.Resource));
}
