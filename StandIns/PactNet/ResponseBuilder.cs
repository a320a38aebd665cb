using System.Net;
using System.Text.Json;
using PactNet.Core;
using PactNet.Matchers;

namespace PactNet;

/// <summary>Tells the core what the provider answers.</summary>
internal sealed class ResponseBuilder(InteractionHandle interaction, JsonSerializerOptions json) : IResponseBuilderV4
{
    private readonly Occurrences _headers = new();

    public IResponseBuilderV4 WithStatus(HttpStatusCode status) => WithStatus((ushort)status);

    public IResponseBuilderV4 WithStatus(ushort status)
    {
        CoreCalls.Check(CoreFunctions.WithStatus(interaction, status));
        return this;
    }

    public IResponseBuilderV4 WithHeader(string key, string value)
    {
        CoreCalls.Check(CoreFunctions.WithHeader(interaction, Part.Response, key, _headers.Next(key), value));
        return this;
    }

    public IResponseBuilderV4 WithHeader(string key, IMatcher matcher) => WithHeader(key, JsonSerializer.Serialize(matcher, json));

    public IResponseBuilderV4 WithJsonBody(object? body) => WithJsonBody(body, json);

    public IResponseBuilderV4 WithJsonBody(object? body, JsonSerializerOptions settings) =>
        WithBody(JsonSerializer.Serialize(body, settings), "application/json");

    public IResponseBuilderV4 WithBody(string body, string contentType)
    {
        CoreCalls.Check(CoreFunctions.WithBody(interaction, Part.Response, contentType, body));
        return this;
    }
}
