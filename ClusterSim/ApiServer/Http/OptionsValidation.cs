using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Patching;
using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>The rules of meta/v1's options (<c>apis/meta/v1/validation</c>, <c>apis/meta/internalversion/validation</c>).</summary>
internal static class OptionsValidation
{
    private const int FieldManagerBytesMax = 128;
    private const string Match = "resourceVersionMatch";

    /// <summary>Throws where there are errors.</summary>
    /// <exception cref="KubernetesApiException">422.</exception>
    public static void ThrowIfInvalid(string kind, IReadOnlyList<FieldError> errors)
    {
        if (errors.Count > 0)
            throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", kind), "", errors);
    }

    /// <summary><c>ValidateListOptions</c> and <c>validateWatchOptions</c>.</summary>
    public static IReadOnlyList<FieldError> ListErrors(ListOptions options, bool isWatch)
    {
        var errors = new List<FieldError>();
        var match = options.ResourceVersionMatch;
        if (isWatch)
        {
            if (options.SendInitialEvents is not null && match != "NotOlderThan")
                Forbid(Match, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
            if (match is null)
                return errors;
            if (options.SendInitialEvents is null)
                Forbid(Match, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
            if (match != "NotOlderThan")
                errors.Add(Unsupported(Match, GoText.Quote(match), "NotOlderThan"));
            if (options.Continue is not null)
                Forbid(Match, "resourceVersionMatch is forbidden when continue is provided");
            return errors;
        }
        if (match is not null)
        {
            if (options.ResourceVersion is null)
                Forbid(Match, "resourceVersionMatch is forbidden unless resourceVersion is provided");
            if (options.Continue is not null)
                Forbid(Match, "resourceVersionMatch is forbidden when continue is provided");
            if (match is not ("Exact" or "NotOlderThan"))
                errors.Add(Unsupported(Match, GoText.Quote(match), "Exact", "NotOlderThan", ""));
            if (match == "Exact" && options.ResourceVersion == "0")
                Forbid(Match, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
        if (options.SendInitialEvents is not null)
            Forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
        return errors;

        void Forbid(string field, string why) => errors.Add(new FieldError("FieldValueForbidden", field, $"Forbidden: {why}"));
    }

    /// <summary><c>ValidateCreateOptions</c>, <c>ValidateUpdateOptions</c> and <c>ValidatePatchOptions</c>.</summary>
    /// <param name="query">The parameters.</param>
    /// <param name="patch">The kind of patch; null for no patch.</param>
    public static IReadOnlyList<FieldError> WriteErrors(IQueryCollection query, PatchType? patch)
    {
        var errors = new List<FieldError>();
        var manager = QueryOptions.Text(query, "fieldManager");
        if (patch == PatchType.Apply && manager is null)
            errors.Add(new FieldError("FieldValueRequired", "fieldManager", "Required value: is required for apply patch"));
        if (patch is not null and not PatchType.Apply && query.ContainsKey("force"))
            errors.Add(new FieldError("FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch"));
        if (manager is not null)
            ManagerErrors(errors, manager);
        DryRunErrors(errors, QueryOptions.Values(query, "dryRun"));
        if (QueryOptions.Text(query, "fieldValidation") is { } validation and not ("Ignore" or "Warn" or "Strict"))
            errors.Add(Unsupported("fieldValidation", GoText.Quote(validation), "", "Ignore", "Strict", "Warn"));
        return errors;
    }

    /// <summary><c>ValidateDeleteOptions</c>.</summary>
    public static IReadOnlyList<FieldError> DeleteErrors(string? propagationPolicy, bool? orphanDependents, IReadOnlyList<string> dryRun)
    {
        var errors = new List<FieldError>();
        if (orphanDependents is not null && propagationPolicy is not null)
            errors.Add(new FieldError(
                "FieldValueInvalid", "propagationPolicy", $"Invalid value: {GoText.Quote(propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set"));
        if (propagationPolicy is not null and not ("Foreground" or "Background" or "Orphan"))
            errors.Add(Unsupported("propagationPolicy", GoText.Quote(propagationPolicy), "Foreground", "Background", "Orphan", "nil"));
        DryRunErrors(errors, dryRun);
        return errors;
    }

    /// <summary>The field manager of a request that names none: the first word of its user agent (<c>prefixFromUserAgent</c>).</summary>
    public static string ManagerOf(string userAgent)
    {
        var manager = new StringBuilder();
        var bytes = 0;
        foreach (var rune in userAgent.Split('/')[0].EnumerateRunes())
        {
            if (!IsPrint(rune))
                continue;
            bytes += rune.Utf8SequenceLength;
            if (bytes > FieldManagerBytesMax)
                break;
            manager.Append(rune.ToString());
        }
        return manager.Length == 0 ? "unknown" : manager.ToString();
    }

    private static void ManagerErrors(List<FieldError> errors, string manager)
    {
        if (Encoding.UTF8.GetByteCount(manager) > FieldManagerBytesMax)
            errors.Add(new FieldError("FieldValueTooLong", "fieldManager", $"Too long: may not be more than {FieldManagerBytesMax} bytes"));
        var position = 0;
        foreach (var rune in manager.EnumerateRunes())
        {
            if (!IsPrint(rune))
                errors.Add(new FieldError(
                    "FieldValueInvalid", "fieldManager", $"Invalid value: {GoText.Quote(manager)}: invalid character U+{rune.Value:X4} (at position {position})"));
            position += rune.Utf8SequenceLength;
        }
    }

    private static void DryRunErrors(List<FieldError> errors, IReadOnlyList<string> dryRun)
    {
        if (dryRun.Any(value => value != "All"))
            errors.Add(Unsupported("dryRun", new JsonArray([.. dryRun.Select(value => JsonValue.Create(value))]).ToJsonString(), "All"));
    }

    private static FieldError Unsupported(string field, string value, params ReadOnlySpan<string> supported) => new(
        "FieldValueNotSupported", field, $"Unsupported value: {value}: supported values: {string.Join(", ", supported.ToArray().Select(name => GoText.Quote(name)))}");

    // unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space.
    private static bool IsPrint(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
