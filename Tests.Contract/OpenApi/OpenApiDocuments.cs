using InvoiceApp;
using PaymentProvider;
using Processes;
using Tests.Contract.Provider;

namespace Tests.Contract.OpenApi;

/// <summary>The services' OpenAPI documents, as committed and as the code gives them.</summary>
internal static class OpenApiDocuments
{
    private const string NoDatabase = "Host=127.0.0.1;Port=1;Database=none;Username=none";

    /// <summary>The services, and what they need to start; nothing of it is reached.</summary>
    public static IReadOnlyDictionary<string, (ProgramMain Service, IReadOnlyDictionary<string, string> Environment)> Services { get; } =
        new Dictionary<string, (ProgramMain, IReadOnlyDictionary<string, string>)>(StringComparer.Ordinal)
        {
            ["invoice-app"] = (InvoiceAppService.RunAsync, new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["DATABASE"] = NoDatabase,
                ["PAYMENT_PROVIDER_URL"] = "http://127.0.0.1:1",
            }),
            ["payment-provider"] = (PaymentProviderService.RunAsync, new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["DATABASE"] = NoDatabase,
                ["CALLER_AUTHENTICATION"] = "off",
            }),
        };

    public static string CommittedFile(string service) => Repository.Path($"Contracts/openapi/{service}.json");

    /// <summary>What the code gives now.</summary>
    public static async Task<string> GivenAsync(string service)
    {
        var (main, environment) = Services[service];
        await using var started = await ServiceOnAPort.StartAsync(main, environment);
        using var client = new HttpClient { BaseAddress = started.Url };
        return (await client.GetStringAsync("/openapi/v1.json")).ReplaceLineEndings("\n") + "\n";
    }
}
