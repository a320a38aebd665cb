using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Certificates;

/// <summary>CertificateSigningRequests: what is asked for never changes; who asks is the API server's to say (<c>CertificateRequester</c>).</summary>
internal sealed class CertificateSigningRequestStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("certificates.k8s.io", "v1", "CertificateSigningRequest");

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields { get; } = new Dictionary<string, Func<JsonElement, string>>(StringComparer.Ordinal)
    {
        ["spec.signerName"] = request => request.At("spec", "signerName").Text(""),
    };

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object.Remove("status");

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old) => @object["spec"] = old.At("spec").ToNode();

    /// <inheritdoc/>
    public override void PrepareForStatusUpdate(JsonObject @object, JsonElement old)
    {
        // Only the approval subresource decides.
        var decided = old.At("status", "conditions").Items().Where(IsDecision).Select(condition => condition.ToNode()!);
        var status = @object.Ensure("status");
        var others = (status["conditions"] as JsonArray ?? []).Where(condition => !IsDecision(condition!.ToElement())).Select(condition => condition!.DeepClone());
        status["conditions"] = new JsonArray([.. decided, .. others]);

        static bool IsDecision(JsonElement condition) => condition.At("type").Text() is "Approved" or "Denied";
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        if (!IsRequest(spec.At("request").Text("")))
            errors.Invalid(FieldPath.Of("spec", "request"), spec.At("request"), "PEM block type must be CERTIFICATE REQUEST");
        if (spec.At("usages").Count() == 0)
            errors.Required(FieldPath.Of("spec", "usages"));
        var signer = spec.At("signerName").Text("");
        if (signer.Length == 0)
            errors.Required(FieldPath.Of("spec", "signerName"));
        else if (!signer.Contains('/', StringComparison.Ordinal))
            errors.Invalid(FieldPath.Of("spec", "signerName"), signer, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
        if (spec.At("expirationSeconds").Integer() is < 600)
            errors.Invalid(FieldPath.Of("spec", "expirationSeconds"), spec.At("expirationSeconds"), "may not specify a duration less than 600 seconds (10 minutes)");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateSubresourceUpdate(string subresource, JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var types = @object.At("status", "conditions").Items().Select(condition => condition.At("type").Text("")).ToList();
        if (types.Contains("Approved") && types.Contains("Denied"))
            errors.Invalid(FieldPath.Of("status", "conditions"), "Denied", "Approved and Denied conditions are mutually exclusive");
        foreach (var kept in old.At("status", "conditions").Items().Select(condition => condition.At("type").Text("")))
            if (kept is "Approved" or "Denied" or "Failed" && !types.Contains(kept))
                errors.Forbidden(FieldPath.Of("status", "conditions"), $"updates may not remove a condition of type \"{kept}\"");
        return errors;
    }

    private static bool IsRequest(string base64)
    {
        var pem = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, pem, out var length))
            return false;
        var text = System.Text.Encoding.ASCII.GetString(pem, 0, length);
        return PemEncoding.TryFind(text, out var found) && text[found.Label] == "CERTIFICATE REQUEST";
    }
}
