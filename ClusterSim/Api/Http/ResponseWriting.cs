using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Api.Http;

/// <summary>Writes answers. Stored bytes go out as they are.</summary>
internal static class ResponseWriting
{
    private static readonly byte[] OpenBrace = "{"u8.ToArray();

    /// <summary>Writes an answer that was built.</summary>
    public static Task WriteAsync(this HttpResponse response, int code, JsonNode answer) => response.WriteAsync(code, answer.ToUtf8());

    /// <summary>Writes JSON.</summary>
    public static async Task WriteAsync(this HttpResponse response, int code, ReadOnlyMemory<byte> utf8)
    {
        response.StatusCode = code;
        response.ContentType = "application/json";
        response.ContentLength = utf8.Length;
        await response.BodyWriter.WriteAsync(utf8);
    }

    /// <summary>Writes a refusal.</summary>
    public static Task WriteAsync(this HttpResponse response, ApiException refusal)
    {
        if (refusal.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (refusal.Code == 401)
            response.Headers.WWWAuthenticate = "Bearer";
        return response.WriteAsync(refusal.Code, refusal.ToStatus());
    }

    /// <summary>Warnings, as RFC 9111's Warning header with code 299.</summary>
    public static void Warn(this HttpResponse response, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings.Distinct(StringComparer.Ordinal))
            response.Headers.Append("Warning", $"299 - \"{warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
    }

    /// <summary>Writes a list of stored objects, item by item.</summary>
    public static async Task WriteListAsync(this HttpResponse response, ResourceType resource, ListResult list, Func<Document, ReadOnlyMemory<byte>> item)
    {
        response.StatusCode = 200;
        response.ContentType = "application/json";
        var metadata = JsonBuilding.Object(
            ("resourceVersion", list.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("continue", list.Continue),
            ("remainingItemCount", list.Remaining));
        var writer = response.BodyWriter;
        writer.Write(Encoding.UTF8.GetBytes($"{{\"kind\":\"{resource.Kind}List\",\"apiVersion\":\"{resource.GroupVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":["));
        var first = true;
        foreach (var document in list.Items)
        {
            if (!first)
                writer.Write(","u8);
            first = false;
            writer.Write(OpenBrace);
            writer.Write(item(document).Span);
            if (writer.UnflushedBytes > 64 * 1024)
                await writer.FlushAsync();
        }
        writer.Write("]}"u8);
        await writer.FlushAsync();
    }
}
