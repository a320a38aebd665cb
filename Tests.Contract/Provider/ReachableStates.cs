using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Contracts;

namespace Tests.Contract.Provider;

/// <summary>The provider states that a provider's own API can make: for one that is known by its URL alone, wherever it runs.</summary>
internal sealed class ReachableStates : IProviderStates, IDisposable
{
    private readonly HttpClient _client;
    private readonly string? _token;

    /// <param name="provider">Where it is.</param>
    /// <param name="token">What invoice-app would send there.</param>
    /// <param name="handler">How to get there, where not over the machine's own network.</param>
    public ReachableStates(Uri provider, string? token, HttpMessageHandler? handler = null)
    {
        _token = token;
        _client = handler is null ? new HttpClient() : new HttpClient(handler, disposeHandler: false);
        _client.BaseAddress = provider;
        _client.Timeout = TimeSpan.FromSeconds(10);
        if (token is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Why a state cannot be made; null when it can.</summary>
    public async Task<string?> WhyNotAsync(string state, CancellationToken cancellation = default)
    {
        switch (state)
        {
            case ProviderStates.NotPaid or ProviderStates.Paid:
                return null;
            case ProviderStates.CallerUnknown:
                using (var request = new HttpRequestMessage(HttpMethod.Get, "/payments?limit=1"))
                {
                    using var anonymous = new HttpClient { BaseAddress = _client.BaseAddress };
                    using var answer = await anonymous.SendAsync(request, cancellation);
                    return answer.StatusCode == HttpStatusCode.Unauthorized ? null : $"it lets everybody in (it answered {(int)answer.StatusCode} to a caller without a token)";
                }

            default:
                return "the provider's API cannot make this state so; STATES_URL names a handler that can";
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, string>> SetUpAsync(ProviderState state, CancellationToken cancellation)
    {
        if (await WhyNotAsync(state.Name, cancellation) is { } reason)
            throw new InvalidOperationException($"'{state.Name}': {reason}");
        if (state.Name == ProviderStates.Paid)
        {
            var (id, value, currency) = state.Payment;
            using var answer = await _client.PostAsJsonAsync("/payments/pay", new { id, value, currency }, cancellation);
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException($"'{state.Name}': the provider answered {(int)answer.StatusCode} to the payment, {await answer.Content.ReadAsStringAsync(cancellation)}");
        }

        // What was paid by an earlier run is the same payment, and answered the same.
        return new Dictionary<string, string>(StringComparer.Ordinal) { [ProviderStates.Token] = _token ?? "none" };
    }

    /// <inheritdoc/>
    public Task TearDownAsync(ProviderState state, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
