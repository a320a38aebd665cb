using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim;

/// <summary>
/// An error answer of the Kubernetes API: a <c>Status</c> with an HTTP status code. Every call of <c>SimulatedCluster</c> that the API can refuse
/// throws it. The factory methods are apimachinery's (<c>k8s.io/apimachinery/pkg/api/errors</c>), with its words.
/// </summary>
public sealed class KubernetesApiException : Exception
{
    internal KubernetesApiException(int code, string? reason, string? message, JsonObject? details = null, Exception? inner = null)
        : base(message ?? "", inner) => (Code, Reason, Details) = (code, reason, details);

    /// <summary>The HTTP status code, such as 404.</summary>
    public int Code { get; }

    /// <summary>The machine-readable reason, such as <c>NotFound</c>, <c>Conflict</c> or <c>Invalid</c>; null where the API gives none.</summary>
    public string? Reason { get; }

    /// <summary>Every cause: for an invalid object, each field that breaks a rule.</summary>
    public IReadOnlyList<StatusCause> Causes =>
        [.. (Details?["causes"] as JsonArray ?? []).OfType<JsonObject>().Select(cause => new StatusCause(cause.Text("reason"), cause.Text("message") ?? "", cause.Text("field")))];

    /// <summary>The seconds after which to try again (<c>Retry-After</c>); null where the API names none.</summary>
    public int? RetryAfterSeconds { get; internal init; }

    /// <summary>The <c>Status</c> object as JSON.</summary>
    public string Status => ToStatus().ToJsonString(JsonBuilding.TextOptions);

    /// <summary>The sentence; null where Kubernetes sends none.</summary>
    internal string? Told => Message.Length == 0 ? null : Message;

    /// <summary>A token to go on with, sent in the Status' metadata: where a list's own has expired.</summary>
    internal string? Continue { get; init; }

    /// <summary>Kind, name, causes.</summary>
    internal JsonObject? Details { get; }

    /// <summary>The <c>Status</c> object.</summary>
    internal JsonObject ToStatus() => Object(
        ("kind", "Status"),
        ("apiVersion", "v1"),
        ("metadata", Object(("continue", Continue))),
        ("status", "Failure"),
        ("message", Told),
        ("reason", Reason),
        ("details", Details?.DeepClone()),
        ("code", Code));

    /// <summary>Returns the same error with the place of the manifest that caused it in front of its message.</summary>
    internal KubernetesApiException At(string place) => new(Code, Reason, $"{place}: {Message}", (JsonObject?)Details?.DeepClone(), this)
    {
        RetryAfterSeconds = RetryAfterSeconds,
        Continue = Continue,
    };

    /// <summary>404: no such object.</summary>
    internal static KubernetesApiException NotFound(GroupResource resource, string name) =>
        new(404, "NotFound", $"{resource} \"{name}\" not found", Names(resource, name));

    /// <summary>409: an object of that name is there.</summary>
    internal static KubernetesApiException AlreadyExists(GroupResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource} \"{name}\" already exists", Names(resource, name));

    /// <summary>409: it is not what the writer saw.</summary>
    internal static KubernetesApiException Conflict(GroupResource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource} \"{name}\": {why}", Names(resource, name));

    /// <summary>409 in the words of optimistic concurrency.</summary>
    internal static KubernetesApiException Modified(GroupResource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>403.</summary>
    internal static KubernetesApiException Forbidden(GroupResource resource, string name, string why) =>
        new(403, "Forbidden", name.Length == 0 ? $"{resource} is forbidden: {why}" : $"{resource} \"{name}\" is forbidden: {why}", Names(resource, name));

    /// <summary>400.</summary>
    internal static KubernetesApiException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>405.</summary>
    internal static KubernetesApiException MethodNotSupported(GroupResource resource, string verb) =>
        new(405, "MethodNotAllowed", $"{verb} is not supported on resources of kind \"{resource}\"", Names(resource, ""));

    /// <summary>401.</summary>
    internal static KubernetesApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    /// <summary>410: what was asked for is too old.</summary>
    internal static KubernetesApiException Expired(string message) => new(410, "Expired", message);

    /// <summary>415.</summary>
    internal static KubernetesApiException UnsupportedMediaType(string message) => new(415, "UnsupportedMediaType", message);

    /// <summary>429.</summary>
    internal static KubernetesApiException TooManyRequests(string message, int retryAfterSeconds, JsonObject? details = null) =>
        new(429, "TooManyRequests", message, details) { RetryAfterSeconds = retryAfterSeconds };

    /// <summary>500: an internal error, with its cause.</summary>
    internal static KubernetesApiException InternalError(string message) => new(
        500, "InternalError", $"Internal error occurred: {message}", Object(("causes", new JsonArray(Object(("message", message))))));

    /// <summary>422: the object breaks rules of its kind; every one is told.</summary>
    internal static KubernetesApiException Invalid(GroupVersionKind kind, string name, IReadOnlyList<FieldError> errors)
    {
        var distinct = errors.Select(error => error.ToString()).Distinct(StringComparer.Ordinal).ToList();
        var told = distinct.Count == 1 ? distinct[0] : $"[{string.Join(", ", distinct)}]";
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
