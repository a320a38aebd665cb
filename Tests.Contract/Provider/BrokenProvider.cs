using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Tests.Contract.Provider;

/// <summary>An answer on its way to the caller.</summary>
internal sealed class Answer(int status, JsonObject body)
{
    public int Status { get; set; } = status;

    public JsonObject Body { get; set; } = body;

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>The real provider, but for one thing: what stands before it changes its answers, as a change of its code would.</summary>
internal sealed class BrokenProvider : IAsyncDisposable
{
    private static readonly string[] Passed = ["Content-Type", "Retry-After"];
    private readonly HttpClient _client = new();
    private LocalServer _server = null!;

    public Uri Url => _server.Url;

    /// <param name="real">The provider that keeps the pact.</param>
    /// <param name="change">Given the request's body and the answer, changes the answer.</param>
    public static async Task<BrokenProvider> StartAsync(Uri real, Action<JsonObject, Answer> change)
    {
        var broken = new BrokenProvider();
        broken._server = await LocalServer.StartAsync(context => broken.AnswerAsync(context, real, change));
        return broken;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
    }

    private async Task AnswerAsync(HttpContext context, Uri real, Action<JsonObject, Answer> change)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(real, context.Request.Path + context.Request.QueryString))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (context.Request.Headers.Authorization is [{ } authorization])
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var told = await _client.SendAsync(request, context.RequestAborted);
        var answer = new Answer((int)told.StatusCode, JsonNode.Parse(await told.Content.ReadAsStreamAsync())!.AsObject());
        foreach (var (name, values) in told.Headers.Concat(told.Content.Headers).Where(header => Passed.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
            answer.Headers[name] = string.Join(", ", values);

        change(JsonNode.Parse(body)!.AsObject(), answer);

        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(answer.Body.ToJsonString(), context.RequestAborted);
    }
}
