using System.Globalization;
using ClusterSim.Patching;
using ClusterSim.Requests;
using ClusterSim.Schema;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>Reads the query parameters of meta/v1's options.</summary>
internal static class QueryOptions
{
    /// <summary>ListOptions (<c>ValidateListOptions</c>, after <c>SetListOptionsDefaults</c>).</summary>
    /// <exception cref="KubernetesApiException">400: a parameter is malformed. 422: parameters contradict each other.</exception>
    public static ListOptions ReadList(IQueryCollection query, bool isWatch = false)
    {
        var options = new ListOptions
        {
            LabelSelector = Text(query, "labelSelector"),
            FieldSelector = Text(query, "fieldSelector"),
            Limit = Number(query, "limit") ?? 0,
            Continue = Text(query, "continue"),
            ResourceVersion = Text(query, "resourceVersion"),
            ResourceVersionMatch = Text(query, "resourceVersionMatch"),
            TimeoutSeconds = Number(query, "timeoutSeconds"),
            SendInitialEvents = query.ContainsKey("sendInitialEvents") ? Flag(query, "sendInitialEvents") : null,
            AllowWatchBookmarks = Flag(query, "allowWatchBookmarks"),
        };
        OptionsValidation.ThrowIfInvalid("ListOptions", OptionsValidation.ListErrors(options, isWatch));
        // A watch of what is there now begins with all objects, as older clients expect.
        return isWatch && options is { SendInitialEvents: null, ResourceVersionMatch: null, ResourceVersion: null or "0" }
            ? options with { SendInitialEvents = true, ResourceVersionMatch = "NotOlderThan" }
            : options;
    }

    /// <summary>CreateOptions, UpdateOptions, PatchOptions. Without a field manager it is the user agent's first word, as in Kubernetes.</summary>
    /// <param name="request">The request.</param>
    /// <param name="kind">The kind of options, such as <c>CreateOptions</c>.</param>
    /// <param name="patch">The kind of patch; null for no patch.</param>
    /// <exception cref="KubernetesApiException">422.</exception>
    public static WriteOptions ReadWrite(HttpRequest request, string kind, PatchType? patch = null)
    {
        var query = request.Query;
        OptionsValidation.ThrowIfInvalid(kind, OptionsValidation.WriteErrors(query, patch));
        return new WriteOptions
        {
            DryRun = Values(query, "dryRun").Count > 0,
            FieldManager = Text(query, "fieldManager") ?? OptionsValidation.ManagerOf(request.Headers.UserAgent.ToString()),
            Force = Flag(query, "force"),
            FieldValidation = Text(query, "fieldValidation") switch
            {
                "Strict" => FieldValidation.Strict,
                "Ignore" => FieldValidation.Ignore,
                _ => FieldValidation.Warn,
            },
        };
    }

    /// <summary><c>includeObject</c> of TableOptions.</summary>
    public static string IncludeObject(IQueryCollection query) => Text(query, "includeObject") switch
    {
        null => "Metadata",
        "None" => "None",
        "Metadata" => "Metadata",
        "Object" => "Object",
        var other => throw KubernetesApiException.BadRequest(
            $"includeObject: Invalid value: {GoText.Quote(other)}: must be 'Metadata', 'Object', 'None', or empty"),
    };

    /// <summary>All values of a parameter.</summary>
    public static IReadOnlyList<string> Values(IQueryCollection query, string name) => query.TryGetValue(name, out var values) ? [.. values.Select(value => value ?? "")] : [];

    /// <summary>The parameter's text; null where it is absent or empty.</summary>
    public static string? Text(IQueryCollection query, string name) => query.TryGetValue(name, out var values) && values[0] is { Length: > 0 } text ? text : null;

    /// <summary>The parameter as a boolean: every value but <c>false</c> and <c>0</c> is true (<c>Convert_Slice_string_To_bool</c>).</summary>
    public static bool Flag(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var values) && values.Count > 0 && values[0] is not "0" && !string.Equals(values[0], "false", StringComparison.OrdinalIgnoreCase);

    /// <summary>The parameter as an integer; null where it is absent.</summary>
    public static long? Number(IQueryCollection query, string name)
    {
        if (Text(query, name) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw KubernetesApiException.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }
}
