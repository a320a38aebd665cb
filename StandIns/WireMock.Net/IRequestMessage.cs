using WireMock.Types;
using WireMock.Util;

namespace WireMock;

/// <summary>A request as the stub server received it.</summary>
public interface IRequestMessage
{
    /// <summary>The caller's address.</summary>
    string ClientIP { get; }

    /// <summary>The whole URL, query included.</summary>
    string Url { get; }

    /// <summary>When the request had been read (UTC).</summary>
    DateTime DateTime { get; }

    /// <summary>The path, decoded, without the query.</summary>
    string Path { get; }

    /// <summary>The method, in upper case.</summary>
    string Method { get; }

    /// <summary><c>1.1</c>, <c>2</c>…</summary>
    string HttpVersion { get; }

    /// <summary>Headers; names in any case.</summary>
    IDictionary<string, WireMockList<string>>? Headers { get; }

    /// <summary>Query parameters; <see langword="null"/> where there is no query.</summary>
    IDictionary<string, WireMockList<string>>? Query { get; }

    /// <summary>The query with its question mark, or empty.</summary>
    string RawQuery { get; }

    /// <summary>The body; <see langword="null"/> where there is none.</summary>
    IBodyData? BodyData { get; }

    /// <summary>The body as text.</summary>
    string? Body { get; }

    /// <summary>The body as bytes.</summary>
    byte[]? BodyAsBytes { get; }

    /// <summary>Host name the caller asked for.</summary>
    string Host { get; }

    /// <summary>Port the caller asked for.</summary>
    int Port { get; }

    /// <summary>The values of the query parameter <paramref name="key"/>.</summary>
    WireMockList<string>? GetParameter(string key, bool ignoreCase = false);
}
