using System.Globalization;
using ClusterSim.Requests;
using ClusterSim.Schema;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>Reads the query parameters of meta/v1's options.</summary>
internal static class QueryOptions
{
    /// <summary>ListOptions.</summary>
    public static ListOptions ReadList(IQueryCollection query) => new()
    {
        LabelSelector = Text(query, "labelSelector"),
        FieldSelector = Text(query, "fieldSelector"),
        Limit = Number(query, "limit") ?? 0,
        Continue = Text(query, "continue"),
        ResourceVersion = Text(query, "resourceVersion"),
        ResourceVersionMatch = Text(query, "resourceVersionMatch"),
    };

    /// <summary>CreateOptions, UpdateOptions, PatchOptions. Without a field manager it is the user agent's first word, as in Kubernetes.</summary>
    public static WriteOptions ReadWrite(HttpRequest request)
    {
        var query = request.Query;
        return new WriteOptions
        {
            DryRun = DryRun(query),
            FieldManager = Text(query, "fieldManager") ?? ManagerOf(request.Headers.UserAgent.ToString()),
            Force = Flag(query, "force"),
            FieldValidation = Text(query, "fieldValidation") switch
            {
                null or "Warn" => FieldValidation.Warn,
                "Strict" => FieldValidation.Strict,
                "Ignore" => FieldValidation.Ignore,
                var other => throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", "CreateOptions"), "",
                    [new("FieldValueNotSupported", "fieldValidation", $"Unsupported value: \"{other}\": supported values: \"Ignore\", \"Strict\", \"Warn\"")]),
            },
        };
    }

    /// <summary>The parameter's text; null where it is absent or empty.</summary>
    public static string? Text(IQueryCollection query, string name) => query.TryGetValue(name, out var values) && values[0] is { Length: > 0 } text ? text : null;

    /// <summary>The parameter as a boolean, as Go's ParseBool and the API's conversion read it: present and not false.</summary>
    public static bool Flag(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var values) && values[0] is not ("false" or "0" or "False" or "FALSE" or "f" or "F");

    /// <summary>The parameter as an integer; null where it is absent.</summary>
    public static long? Number(IQueryCollection query, string name)
    {
        if (Text(query, name) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw KubernetesApiException.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    /// <summary>Whether it is a dry run.</summary>
    public static bool DryRun(IQueryCollection query) => Text(query, "dryRun") switch
    {
        null => false,
        "All" => true,
        var other => throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", "CreateOptions"), "",
            [new("FieldValueNotSupported", "dryRun", $"Unsupported value: \"{other}\": supported values: \"All\"")]),
    };

    private static string ManagerOf(string userAgent)
    {
        var end = userAgent.IndexOf('/', StringComparison.Ordinal);
        var manager = end < 0 ? userAgent : userAgent[..end];
        return manager.Length == 0 ? "unknown" : manager.Length > 128 ? manager[..128] : manager;
    }
}
