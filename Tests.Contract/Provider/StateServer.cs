using System.Globalization;
using System.Text.Json;
using Contracts;
using Microsoft.AspNetCore.Http;

namespace Tests.Contract.Provider;

/// <summary>Makes provider states so. What it answers with goes into the interaction's request, where the pact says so.</summary>
internal interface IProviderStates
{
    /// <summary>Makes a state so.</summary>
    /// <exception cref="InvalidOperationException">It cannot; the message says why.</exception>
    Task<IReadOnlyDictionary<string, string>> SetUpAsync(ProviderState state, CancellationToken cancellation);

    /// <summary>Takes it back, where what comes next would suffer from it.</summary>
    Task TearDownAsync(ProviderState state, CancellationToken cancellation);
}

/// <summary>A provider state that an interaction asks for.</summary>
internal sealed record ProviderState(string Name, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>The payment's id.</summary>
    public string Id => Parameters[ProviderStates.Id];

    /// <summary>The payment that the state says was made.</summary>
    public (string Id, decimal Value, string Currency) Payment =>
        (Id, decimal.Parse(Parameters[ProviderStates.Value], NumberStyles.Number, CultureInfo.InvariantCulture), Parameters[ProviderStates.Currency]);
}

/// <summary>What Pact's verifier posts to: <c>{"action","state","params"}</c>. A state that cannot be had is a 500 that says why.</summary>
internal sealed class StateServer : IAsyncDisposable
{
    private readonly LocalServer _server;

    private StateServer(LocalServer server) => _server = server;

    public Uri Url => new(_server.Url, "/states");

    public static async Task<StateServer> StartAsync(IProviderStates states) => new(await LocalServer.StartAsync(context => AnswerAsync(context, states)));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context, IProviderStates states)
    {
        var asked = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body, cancellationToken: context.RequestAborted);
        var parameters = asked.TryGetProperty("params", out var given) && given.ValueKind == JsonValueKind.Object
            ? given.EnumerateObject().ToDictionary(field => field.Name, field => field.Value.ToString(), StringComparer.Ordinal)
            : [];
        var state = new ProviderState(asked.GetProperty("state").GetString()!, parameters);
        IReadOnlyDictionary<string, string> answer = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            if (asked.TryGetProperty("action", out var action) && action.GetString() == "teardown")
                await states.TearDownAsync(state, context.RequestAborted);
            else
                answer = await states.SetUpAsync(state, context.RequestAborted);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            answer = new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = fault.Message };
        }

        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, answer, cancellationToken: context.RequestAborted);
    }
}
