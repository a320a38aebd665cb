using System.Text.Json;
using PactNet.Core;
using PactNet.Matchers;

namespace PactNet;

/// <summary>Tells the core what the consumer sends.</summary>
internal sealed class RequestBuilder(InteractionHandle interaction, JsonSerializerOptions json) : IRequestBuilderV4
{
    private readonly Occurrences _queries = new();
    private readonly Occurrences _headers = new();
    private bool _requested;

    public IRequestBuilderV4 Given(string providerState)
    {
        CoreCalls.Check(CoreFunctions.Given(interaction, providerState));
        return this;
    }

    public IRequestBuilderV4 Given(string providerState, IDictionary<string, string> parameters)
    {
        foreach (var (name, value) in parameters)
            CoreCalls.Check(CoreFunctions.GivenWithParameter(interaction, providerState, name, value));
        return this;
    }

    public IRequestBuilderV4 WithRequest(HttpMethod method, string path) => WithRequest(method.Method, path);

    public IRequestBuilderV4 WithRequest(string method, string path)
    {
        CoreCalls.Check(CoreFunctions.WithRequest(interaction, method, path));
        _requested = true;
        return this;
    }

    public IRequestBuilderV4 WithQuery(string key, string value)
    {
        CoreCalls.Check(CoreFunctions.WithQuery(interaction, key, _queries.Next(key), value));
        return this;
    }

    public IRequestBuilderV4 WithQuery(string key, IMatcher matcher) => WithQuery(key, JsonSerializer.Serialize(matcher, json));

    public IRequestBuilderV4 WithHeader(string key, string value)
    {
        CoreCalls.Check(CoreFunctions.WithHeader(interaction, Part.Request, key, _headers.Next(key), value));
        return this;
    }

    public IRequestBuilderV4 WithHeader(string key, IMatcher matcher) => WithHeader(key, JsonSerializer.Serialize(matcher, json));

    public IRequestBuilderV4 WithJsonBody(object? body) => WithJsonBody(body, json);

    public IRequestBuilderV4 WithJsonBody(object? body, string contentType) => WithJsonBody(body, json, contentType);

    public IRequestBuilderV4 WithJsonBody(object? body, JsonSerializerOptions settings) => WithJsonBody(body, settings, "application/json");

    public IRequestBuilderV4 WithJsonBody(object? body, JsonSerializerOptions settings, string contentType) =>
        WithBody(JsonSerializer.Serialize(body, settings), contentType);

    public IRequestBuilderV4 WithBody(string body, string contentType)
    {
        CoreCalls.Check(CoreFunctions.WithBody(interaction, Part.Request, contentType, body));
        return this;
    }

    public IResponseBuilderV4 WillRespond() => _requested
        ? new ResponseBuilder(interaction, json)
        : throw new InvalidOperationException("WithRequest comes before WillRespond: without a method and a path there is no request to answer");
}

/// <summary>Counts how often a name was given: the index of its next value.</summary>
internal sealed class Occurrences
{
    private readonly Dictionary<string, nuint> _next = new(StringComparer.OrdinalIgnoreCase);

    public nuint Next(string name)
    {
        var index = _next.GetValueOrDefault(name);
        _next[name] = index + 1;
        return index;
    }
}
