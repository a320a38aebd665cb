using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WireMock.Matchers;
using WireMock.Types;

namespace WireMock.Util;

/// <summary>A body.</summary>
public class BodyData : IBodyData
{
    /// <inheritdoc/>
    public byte[]? BodyAsBytes { get; set; }

    /// <inheritdoc/>
    public object? BodyAsJson { get; set; }

    /// <inheritdoc/>
    public string? BodyAsString { get; set; }

    /// <inheritdoc/>
    public BodyType? DetectedBodyType { get; set; }

    /// <inheritdoc/>
    public Encoding? Encoding { get; set; }

    /// <summary>A request's body: JSON where it is JSON, else text where it is UTF-8, else bytes.</summary>
    internal static BodyData Read(byte[] bytes)
    {
        var body = new BodyData { BodyAsBytes = bytes, DetectedBodyType = BodyType.Bytes };
        try
        {
            body.BodyAsString = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            body.DetectedBodyType = BodyType.String;
            body.BodyAsJson = JsonNode.Parse(body.BodyAsString);
            body.DetectedBodyType = BodyType.Json;
        }
        catch (Exception fault) when (fault is JsonException or DecoderFallbackException or ArgumentException)
        {
            // Not JSON, or not even text: the forms found so far are what it is.
        }

        return body;
    }

    /// <summary>What goes over the wire for <paramref name="body"/>.</summary>
    internal static byte[]? Write(IBodyData? body) => body?.DetectedBodyType switch
    {
        null or BodyType.None => null,
        BodyType.Bytes => body.BodyAsBytes ?? [],
        BodyType.Json => (body.Encoding ?? Encoding.UTF8).GetBytes(Json.Write(body.BodyAsJson)),
        _ => (body.Encoding ?? Encoding.UTF8).GetBytes(body.BodyAsString ?? ""),
    };
}
