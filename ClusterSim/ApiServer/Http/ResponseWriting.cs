using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Http;

/// <summary>Writes answers. Stored bytes go out as they are.</summary>
internal static class ResponseWriting
{
    // As k8s.io/apiserver: smaller answers are not worth compressing.
    private const int CompressedBytesMin = 128 * 1024;
    private const int PieceBytes = 64 * 1024;

    /// <summary>Writes an answer that was built.</summary>
    public static Task WriteAsync(this HttpResponse response, int code, JsonNode answer, string contentType = "application/json") =>
        response.WriteAsync(code, answer.ToUtf8(), contentType);

    /// <summary>Writes JSON.</summary>
    public static async Task WriteAsync(this HttpResponse response, int code, ReadOnlyMemory<byte> utf8, string contentType = "application/json")
    {
        if (contentType.EndsWith("json", StringComparison.Ordinal) && IsPretty(response.HttpContext.Request))
            utf8 = Indented(utf8);
        response.StatusCode = code;
        response.ContentType = contentType;
        response.ContentLength = utf8.Length;
        await response.BodyWriter.WriteAsync(utf8);
    }

    /// <summary>Writes an object in JSON, YAML or protobuf.</summary>
    /// <param name="response">The response.</param>
    /// <param name="code">The HTTP status code.</param>
    /// <param name="utf8">The object in JSON.</param>
    /// <param name="encoding">What to write it in.</param>
    public static Task WriteEncodedAsync(this HttpResponse response, int code, ReadOnlyMemory<byte> utf8, AnswerEncoding encoding) => encoding == AnswerEncoding.Json
        ? response.WriteAsync(code, utf8)
        : response.WriteAsync(code, response.HttpContext.Features.GetRequiredFeature<AnswerEncoder>().Encode(utf8, encoding), OutputMediaType.NameOf(encoding));

    /// <summary>Writes what has no other shape in what the client accepts: discovery.</summary>
    /// <exception cref="KubernetesApiException">406.</exception>
    public static Task WriteNegotiatedAsync(this HttpResponse response, int code, JsonNode answer) =>
        response.WriteEncodedAsync(code, answer.ToUtf8(), OutputMediaType.Negotiate(response.HttpContext.Request, EndpointRestrictions.Default).Encoding);

    /// <summary>Writes a refusal in what the client accepts; in JSON where that is nothing (<c>ErrorNegotiated</c>).</summary>
    public static Task WriteAsync(this HttpResponse response, KubernetesApiException refusal)
    {
        if (refusal.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (refusal.Code == 401)
            response.Headers.WWWAuthenticate = "Bearer";
        var media = OutputMediaType.Find(response.HttpContext.Request, EndpointRestrictions.Default) ?? OutputMediaType.Json;
        return response.WriteEncodedAsync(refusal.Code, refusal.ToStatus().ToUtf8(), media.Encoding);
    }

    /// <summary>Warnings, as RFC 9111's Warning header with code 299.</summary>
    public static void Warn(this HttpResponse response, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings.Distinct(StringComparer.Ordinal))
            response.Headers.Append("Warning", $"299 - \"{Quotable(warning)}\"");
    }

    // A header is one line of printable ASCII, whatever field names a client may think of.
    private static string Quotable(string text) => string.Concat(text.Select(letter => letter switch
    {
        '\\' => "\\\\",
        '"' => "\\\"",
        < ' ' or (char)127 => " ",
        > (char)127 => "?",
        _ => letter.ToString(),
    }));

    /// <summary>Writes a list of stored objects, item by item.</summary>
    public static async Task WriteListAsync(
        this HttpResponse response, ResourceType resource, ListResult list, Func<Document, ReadOnlyMemory<byte>> item, AnswerEncoding encoding)
    {
        response.StatusCode = 200;
        response.ContentType = "application/json";
        var metadata = JsonBuilding.Object(
            ("resourceVersion", list.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("continue", list.Continue ?? (resource.Custom is null ? null : "")),
            ("remainingItemCount", list.Remaining));
        var head = Encoding.UTF8.GetBytes($"{{\"kind\":\"{resource.ListKind}\",\"apiVersion\":\"{resource.GroupVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":[");
        var items = new ReadOnlyMemory<byte>[list.Items.Count];
        long length = head.Length + "]}".Length;
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = item(list.Items[i]);
            length += items[i].Length + (i == 0 ? "{".Length : ",{".Length);
        }
        if (encoding != AnswerEncoding.Json || IsPretty(response.HttpContext.Request))
        {
            var whole = new MemoryStream();
            await WriteItemsAsync(PipeWriter.Create(whole), head, items);
            await response.WriteEncodedAsync(200, whole.ToArray(), encoding);
            return;
        }
        if (length > CompressedBytesMin && AcceptsGzip(response.HttpContext.Request))
        {
            response.Headers.ContentEncoding = "gzip";
            response.Headers.Vary = "Accept-Encoding";
            await using var gzip = new GZipStream(response.BodyWriter.AsStream(leaveOpen: true), CompressionLevel.Fastest);
            var compressed = PipeWriter.Create(gzip, new StreamPipeWriterOptions(leaveOpen: true));
            await WriteItemsAsync(compressed, head, items);
            await compressed.CompleteAsync();
            return;
        }
        // With the length told there are no chunks, and with the head sent Kestrel gives memory as large as asked for: TLS records of full size.
        response.ContentLength = length;
        await response.StartAsync();
        await WriteItemsAsync(response.BodyWriter, head, items);
    }

    private static async Task WriteItemsAsync(PipeWriter writer, byte[] head, ReadOnlyMemory<byte>[] items)
    {
        writer.Write(head);
        for (var next = 0; next < items.Length;)
        {
            next = WritePiece(writer, items, next);
            if (next < items.Length)
                await writer.FlushAsync();
        }
        writer.Write("]}"u8);
        await writer.FlushAsync();
    }

    /// <summary>Writes at least one item, and as many as the piece holds; returns which is next.</summary>
    private static int WritePiece(PipeWriter writer, ReadOnlyMemory<byte>[] items, int next)
    {
        var span = writer.GetSpan(Math.Max(PieceBytes, items[next].Length + ",{".Length));
        var used = 0;
        for (; next < items.Length && used + ",{".Length + items[next].Length <= span.Length; next++)
        {
            if (next > 0)
                span[used++] = (byte)',';
            span[used++] = (byte)'{';
            items[next].Span.CopyTo(span[used..]);
            used += items[next].Length;
        }
        writer.Advance(used);
        return next;
    }

    /// <summary>Whether the answer is to be read by a person: asked for, or the client is a browser or a command line that shows it as it is.</summary>
    private static bool IsPretty(HttpRequest request)
    {
        if (request.Query.TryGetValue("pretty", out var said))
            return said[0] is not ("false" or "0" or "False" or "FALSE" or "f" or "F");
        var agent = request.Headers.UserAgent.ToString();
        return agent.StartsWith("curl", StringComparison.Ordinal) || agent.StartsWith("Wget", StringComparison.Ordinal) || agent.StartsWith("Mozilla/5.0", StringComparison.Ordinal);
    }

    private static bool AcceptsGzip(HttpRequest request) => request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal);

    private static ReadOnlyMemory<byte> Indented(ReadOnlyMemory<byte> utf8)
    {
        var buffer = new ArrayBufferWriter<byte>(utf8.Length * 2);
        using (var writer = new Utf8JsonWriter(buffer, JsonBuilding.WriterOptions with { Indented = true }))
            JsonElement.Parse(utf8.Span, new JsonDocumentOptions { MaxDepth = int.MaxValue }).WriteTo(writer);
        return buffer.WrittenMemory;
    }
}
