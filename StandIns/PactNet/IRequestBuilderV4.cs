using System.Text.Json;
using PactNet.Matchers;

namespace PactNet;

/// <summary>What the consumer sends.</summary>
public interface IRequestBuilderV4
{
    /// <summary>What must be so at the provider before.</summary>
    IRequestBuilderV4 Given(string providerState);

    /// <inheritdoc cref="Given(string)"/>
    /// <param name="providerState">The state.</param>
    /// <param name="parameters">Its parameters; what reads as JSON is written as that.</param>
    IRequestBuilderV4 Given(string providerState, IDictionary<string, string> parameters);

    /// <summary>The method and the path; required.</summary>
    IRequestBuilderV4 WithRequest(HttpMethod method, string path);

    /// <inheritdoc cref="WithRequest(HttpMethod, string)"/>
    IRequestBuilderV4 WithRequest(string method, string path);

    /// <summary>A query parameter; again for a further value.</summary>
    IRequestBuilderV4 WithQuery(string key, string value);

    /// <inheritdoc cref="WithQuery(string, string)"/>
    IRequestBuilderV4 WithQuery(string key, IMatcher matcher);

    /// <summary>A header; again for a further value. A text that is a JSON object of Pact's is read as a matcher or generator.</summary>
    IRequestBuilderV4 WithHeader(string key, string value);

    /// <inheritdoc cref="WithHeader(string, string)"/>
    IRequestBuilderV4 WithHeader(string key, IMatcher matcher);

    /// <summary>A JSON body, with matchers in it where values may vary; <c>application/json</c>.</summary>
    IRequestBuilderV4 WithJsonBody(object? body);

    /// <inheritdoc cref="WithJsonBody(object?)"/>
    IRequestBuilderV4 WithJsonBody(object? body, string contentType);

    /// <inheritdoc cref="WithJsonBody(object?)"/>
    IRequestBuilderV4 WithJsonBody(object? body, JsonSerializerOptions settings);

    /// <inheritdoc cref="WithJsonBody(object?)"/>
    IRequestBuilderV4 WithJsonBody(object? body, JsonSerializerOptions settings, string contentType);

    /// <summary>A body as it is.</summary>
    IRequestBuilderV4 WithBody(string body, string contentType);

    /// <summary>Goes on to the answer.</summary>
    /// <exception cref="InvalidOperationException"><c>WithRequest</c> was not called.</exception>
    IResponseBuilderV4 WillRespond();
}
