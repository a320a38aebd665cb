using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of probes and lifecycle hooks.</summary>
internal static class ProbeValidation
{
    private static readonly string[] ProbeHandlers = ["exec", "httpGet", "tcpSocket", "grpc"];
    private static readonly string[] HookHandlers = ["exec", "httpGet", "tcpSocket", "sleep"];

    /// <summary>A container's hooks and its three probes.</summary>
    public static void LifecycleAndProbes(FieldErrors errors, JsonElement container, long? gracePeriodSeconds, FieldPath path)
    {
        foreach (var hook in (ReadOnlySpan<string>)["postStart", "preStop"])
            if (container.At("lifecycle", hook) is var handler && handler.Exists())
                Handler(errors, handler, HookHandlers, gracePeriodSeconds, path.Child("lifecycle", hook));
        if (Probe(errors, container, "livenessProbe", gracePeriodSeconds, path) is { } liveness)
            SuccessThresholdOfOne(errors, liveness, path.Child("livenessProbe"));
        if (Probe(errors, container, "readinessProbe", gracePeriodSeconds, path) is { } readiness
            && readiness.At("terminationGracePeriodSeconds").Integer() is { } grace)
            errors.Invalid(path.Child("readinessProbe", "terminationGracePeriodSeconds"), grace, "must not be set for readinessProbes");
        if (Probe(errors, container, "startupProbe", gracePeriodSeconds, path) is { } startup)
            SuccessThresholdOfOne(errors, startup, path.Child("startupProbe"));
    }

    private static JsonElement? Probe(FieldErrors errors, JsonElement container, string name, long? gracePeriodSeconds, FieldPath path)
    {
        var probe = container.At(name);
        if (!probe.Exists())
            return null;
        var at = path.Child(name);
        Handler(errors, probe, ProbeHandlers, gracePeriodSeconds, at);
        NumberRules.AllNonNegative(
            errors, probe, at, "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold");
        if (probe.At("terminationGracePeriodSeconds").Integer() is { } grace and <= 0)
            errors.Invalid(at.Child("terminationGracePeriodSeconds"), grace, "must be greater than 0");
        return probe;
    }

    private static void SuccessThresholdOfOne(FieldErrors errors, JsonElement probe, FieldPath path)
    {
        if (probe.At("successThreshold").Integer() is var threshold && threshold != 1)
            errors.Invalid(path.Child("successThreshold"), threshold ?? 0, "must be 1");
    }

    private static void Handler(FieldErrors errors, JsonElement handler, string[] kinds, long? gracePeriodSeconds, FieldPath path)
    {
        var found = 0;
        foreach (var kind in kinds)
        {
            var action = handler.At(kind);
            if (!action.Exists())
                continue;
            if (found++ > 0)
                errors.Forbidden(path.Child(kind), "may not specify more than 1 handler type");
            else
                Action(errors, kind, action, gracePeriodSeconds, path.Child(kind));
        }
        if (found == 0)
            errors.Required(path, "must specify a handler type");
    }

    private static void Action(FieldErrors errors, string kind, JsonElement action, long? gracePeriodSeconds, FieldPath path)
    {
        switch (kind)
        {
            case "exec":
                if (action.At("command").Count() == 0)
                    errors.Required(path.Child("command"));
                break;
            case "httpGet":
                if (action.At("path").Text("").Length == 0)
                    errors.Required(path.Child("path"));
                NumberRules.PortOrName(errors, action.At("port"), path.Child("port"));
                if (action.At("scheme").Text("") is var scheme && scheme is not ("HTTP" or "HTTPS"))
                    errors.NotSupported(path.Child("scheme"), scheme, "HTTP", "HTTPS");
                foreach (var header in action.At("httpHeaders").Items())
                    errors.InvalidEach(path.Child("httpHeaders"), header.At("name").Text(""), NameRules.HttpHeaderName(header.At("name").Text("")));
                break;
            case "tcpSocket" or "grpc":
                NumberRules.PortOrName(errors, action.At("port"), path.Child("port"));
                break;
            default:
                var seconds = action.At("seconds").Integer() ?? 0;
                if (gracePeriodSeconds is { } grace && (seconds < 0 || seconds > grace))
                    errors.Invalid(path, seconds, $"must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                break;
        }
    }
}
