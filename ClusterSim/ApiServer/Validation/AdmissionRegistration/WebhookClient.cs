using System.Text.Json;

namespace ClusterSim.Validation.AdmissionRegistration;

/// <summary>Where a webhook answers: a URL or a Service (<c>k8s.io/apiserver/pkg/util/webhook/validation.go</c>).</summary>
internal static class WebhookClient
{
    private const string Form = "; desired format: https://host[/path]";

    /// <summary>A <c>clientConfig</c>.</summary>
    public static void Validate(FieldErrors errors, JsonElement client, FieldPath path)
    {
        var (url, service) = (client.At("url").Text(), client.At("service"));
        if (url is null == !service.Exists())
            errors.Required(path, "exactly one of url or service is required");
        else if (url is not null)
            Url(errors, url, path.Child("url"));
        else
            Service(errors, service, path.Child("service"));
    }

    private static void Url(FieldErrors errors, string text, FieldPath path)
    {
        if (!Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var url))
        {
            errors.Required(path, $"url must be a valid URL: parse {GoText.Quote(text)}: invalid URL{Form}");
            return;
        }
        var scheme = url.IsAbsoluteUri && text.Contains(':', StringComparison.Ordinal) ? url.Scheme : "";
        if (scheme != "https")
            errors.Invalid(path, scheme, "'https' is the only allowed URL scheme" + Form);
        if (!url.IsAbsoluteUri || url.Host.Length == 0)
        {
            errors.Invalid(path, "", "host must be specified" + Form);
            return;
        }
        if (url.UserInfo.Length > 0)
            errors.Invalid(path, url.UserInfo, "user information is not permitted in the URL");
        if (url.Fragment.Length > 1)
            errors.Invalid(path, url.Fragment[1..], "fragments are not permitted in the URL");
        if (url.Query.Length > 1)
            errors.Invalid(path, url.Query[1..], "query parameters are not permitted in the URL");
    }

    private static void Service(FieldErrors errors, JsonElement service, FieldPath path)
    {
        foreach (var field in (ReadOnlySpan<string>)["name", "namespace"])
            if (service.At(field).Text("").Length == 0)
                errors.Required(path.Child(field));
        if (service.At("port").Integer() is { } port and (< 1 or > 65535))
            errors.Invalid(path.Child("port"), port, "port is not valid: must be between 1 and 65535, inclusive");
        if (service.At("path").Text("") is not { Length: > 0 } at || at == "/")
            return;
        if (at == "//")
        {
            errors.Invalid(path.Child("path"), at, "segment[0] may not be empty");
            return;
        }
        if (!at.StartsWith('/'))
            errors.Invalid(path.Child("path"), at, "must start with a '/'");
        var rest = at[1..];
        var steps = (rest.EndsWith('/') ? rest[..^1] : rest).Split('/');
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i].Length == 0)
                errors.Invalid(path.Child("path"), at, $"segment[{i}] may not be empty");
            else
                foreach (var wrong in NameRules.DnsSubdomain(steps[i]))
                    errors.Invalid(path.Child("path"), at, $"segment[{i}]: {wrong}");
        }
    }
}
