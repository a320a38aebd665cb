using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tests.Contract.Consumer;

namespace Tests.Contract.Commands;

/// <summary>A Pact Broker (2.86 or newer), over its HTTP API.</summary>
internal sealed class PactBroker : IAsyncDisposable
{
    private readonly HttpClient _client;

    private PactBroker(HttpClient client) => _client = client;

    /// <exception cref="InvalidOperationException">No broker is named.</exception>
    public static PactBroker Open(ContractSettings settings)
    {
        var broker = settings.Broker ?? throw new InvalidOperationException("PACT_BROKER_BASE_URL is missing, should be the broker's address");
        var client = new HttpClient { BaseAddress = new Uri(broker.AbsoluteUri.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.Accept.ParseAdd("application/hal+json");
        if (settings.BrokerToken is { } token)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        else if (settings.BrokerUser is var (name, password))
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
        return new PactBroker(client);
    }

    /// <summary>Publishes the committed pact as this version's of the consumer.</summary>
    public async Task<int> PublishAsync(ContractSettings settings, TextWriter output)
    {
        var body = new JsonObject
        {
            ["pacticipantName"] = Pacts.Consumer,
            ["pacticipantVersionNumber"] = settings.Version,
            ["contracts"] = new JsonArray(new JsonObject
            {
                ["consumerName"] = Pacts.Consumer,
                ["providerName"] = Pacts.Provider,
                ["specification"] = "pact",
                ["contentType"] = "application/json",
                ["content"] = Convert.ToBase64String(await File.ReadAllBytesAsync(Pacts.CommittedFile)),
            }),
        };
        if (settings.Branch is { } branch)
            body["branch"] = branch;
        if (settings.Build is { } build)
            body["buildUrl"] = build.AbsoluteUri;
        using var answer = await _client.PostAsJsonAsync("contracts/publish", body);
        var told = await ReadAsync(answer, "publish the pact");
        if (told.TryGetProperty("notices", out var notices) && notices.ValueKind == JsonValueKind.Array)
        {
            foreach (var notice in notices.EnumerateArray().Select(notice => notice.TryGetProperty("text", out var text) ? text.ToString() : ""))
                await output.WriteLineAsync(notice);
        }

        await output.WriteLineAsync($"contract: {Pacts.FileName} is published as {Pacts.Consumer} {settings.Version}{(settings.Branch is null ? "" : $" of {settings.Branch}")}");
        return 0;
    }

    /// <summary>Asks whether a version may go to an environment: whether all that it would meet there was verified with it.</summary>
    /// <returns>0 yes, 1 no or not known.</returns>
    public async Task<int> CanIDeployAsync(ContractSettings settings, TextWriter output)
    {
        var query = $"can-i-deploy?pacticipant={Uri.EscapeDataString(settings.Pacticipant)}&version={Uri.EscapeDataString(settings.Version)}"
            + $"&environment={Uri.EscapeDataString(settings.Environment)}";
        using var answer = await _client.GetAsync(new Uri(query, UriKind.Relative));
        var summary = (await ReadAsync(answer, "tell whether to deploy")).GetProperty("summary");
        var deployable = summary.TryGetProperty("deployable", out var told) && told.ValueKind == JsonValueKind.True;
        var reason = summary.TryGetProperty("reason", out var why) ? why.ToString() : "the broker gives no reason";
        await output.WriteLineAsync(
            $"contract: {settings.Pacticipant} {settings.Version} {(deployable ? "may" : "may not")} be deployed to {settings.Environment}: {reason}");
        return deployable ? 0 : 1;
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, string what)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"the broker would not {what}: it answered {(int)answer.StatusCode}, {(text.Length > 500 ? text[..500] + "…" : text)}");
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException fault)
        {
            throw new HttpRequestException($"the broker would not {what}: what it answered is no JSON; is PACT_BROKER_BASE_URL a broker's?", fault);
        }
    }
}
