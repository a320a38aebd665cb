using System.Net;
using System.Text.Json;
using PactNet.Matchers;

namespace PactNet;

/// <summary>What the provider answers.</summary>
public interface IResponseBuilderV4
{
    /// <summary>The status; 200 where none is given.</summary>
    IResponseBuilderV4 WithStatus(HttpStatusCode status);

    /// <inheritdoc cref="WithStatus(HttpStatusCode)"/>
    IResponseBuilderV4 WithStatus(ushort status);

    /// <summary>A header; again for a further value.</summary>
    IResponseBuilderV4 WithHeader(string key, string value);

    /// <inheritdoc cref="WithHeader(string, string)"/>
    IResponseBuilderV4 WithHeader(string key, IMatcher matcher);

    /// <summary>A JSON body, with matchers in it where values may vary; <c>application/json</c> unless a header says otherwise.</summary>
    IResponseBuilderV4 WithJsonBody(object? body);

    /// <inheritdoc cref="WithJsonBody(object?)"/>
    IResponseBuilderV4 WithJsonBody(object? body, JsonSerializerOptions settings);

    /// <summary>A body as it is.</summary>
    IResponseBuilderV4 WithBody(string body, string contentType);
}
