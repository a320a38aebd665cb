using ServiceDefaults.Settings;

namespace PaymentProvider.Access;

/// <summary>
/// Who may call, and how they prove it. Callers are asked unless <c>CALLER_AUTHENTICATION=off</c>: networks that enforce no NetworkPolicy
/// let anybody in.
/// </summary>
public sealed record AccessSettings
{
    /// <summary>
    /// <c>CALLER_AUTHENTICATION</c>: <c>service-account</c> (default), callers send a Kubernetes service-account token as Bearer; <c>off</c>,
    /// anybody may call, for local runs.
    /// </summary>
    public bool Required { get; init; } = true;

    /// <summary><c>CALLER_ISSUER</c>: who must have signed the token (default <c>https://kubernetes.default.svc.cluster.local</c>, most clusters').</summary>
    public string Issuer { get; init; } = "https://kubernetes.default.svc.cluster.local";

    /// <summary><c>CALLER_AUDIENCE</c>: whom the token must be for (default <c>payment-provider</c>).</summary>
    public string Audience { get; init; } = "payment-provider";

    /// <summary><c>CALLER_ALLOWED</c>: the callers let in, comma-separated (default <c>system:serviceaccount:invoices:invoice-app</c>).</summary>
    public IReadOnlySet<string> Allowed { get; init; } = new HashSet<string>(StringComparer.Ordinal) { "system:serviceaccount:invoices:invoice-app" };

    /// <summary><c>CALLER_KEYS_URL</c>: where the issuer's public keys are, a JSON Web Key Set (default: <c>/openid/v1/jwks</c> below the issuer).</summary>
    public Uri KeysUrl { get; init; } = new("https://kubernetes.default.svc.cluster.local/openid/v1/jwks");

    /// <summary><c>CALLER_KEYS_CA_FILE</c>: the PEM file of whoever vouches for that server. Absent: the machine's own authorities.</summary>
    public string? KeysAuthorityFile { get; init; }

    /// <summary>
    /// <c>CALLER_KEYS_TOKEN_FILE</c>: a token of our own to ask for the keys with, read each time. Absent: nothing is sent, which only
    /// clusters that publish their keys to anybody take.
    /// </summary>
    public string? KeysTokenFile { get; init; }

    internal static AccessSettings Read(SettingsReader settings)
    {
        var required = settings.Optional("CALLER_AUTHENTICATION") ?? "service-account";
        if (required is not ("service-account" or "off"))
            settings.Fault("CALLER_AUTHENTICATION", $"found '{required}'", "service-account (default) or off");
        var defaults = new AccessSettings();
        var issuer = settings.Optional("CALLER_ISSUER") ?? defaults.Issuer;
        var keys = settings.Optional("CALLER_KEYS_URL") ?? issuer.TrimEnd('/') + "/openid/v1/jwks";
        if (!Uri.TryCreate(keys, UriKind.Absolute, out var keysUrl) || keysUrl.Scheme is not ("http" or "https"))
        {
            settings.Fault("CALLER_KEYS_URL", $"found '{keys}'", $"an absolute http or https address such as {defaults.KeysUrl}");
            keysUrl = defaults.KeysUrl;
        }

        var allowed = settings.Optional("CALLER_ALLOWED")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (allowed is [])
            settings.Fault("CALLER_ALLOWED", "found nobody", "callers such as system:serviceaccount:invoices:invoice-app, comma-separated");
        return new AccessSettings
        {
            Required = required != "off",
            Issuer = issuer,
            Audience = settings.Optional("CALLER_AUDIENCE") ?? defaults.Audience,
            Allowed = allowed?.ToHashSet(StringComparer.Ordinal) ?? defaults.Allowed,
            KeysUrl = keysUrl,
            KeysAuthorityFile = File(settings, "CALLER_KEYS_CA_FILE"),
            KeysTokenFile = File(settings, "CALLER_KEYS_TOKEN_FILE"),
        };
    }

    private static string? File(SettingsReader settings, string name)
    {
        var file = settings.Optional(name);
        if (file is not null && !Path.IsPathRooted(file))
            settings.Fault(name, $"found '{file}'", "an absolute path such as /var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
        return file;
    }
}
