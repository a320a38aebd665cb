using InvoiceApp.Payments;
using Microsoft.Extensions.DependencyInjection;
using Processes;

namespace Tests.Contract.Consumer;

/// <summary>Invoice-app's own payment client, registered as invoice-app registers it, with a single attempt and no patience.</summary>
internal sealed class PaymentConsumer : IAsyncDisposable
{
    /// <summary>What stands for a token: the provider's verification sends real ones in its place.</summary>
    public const string ExampleToken = "example.of.a.token";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("payment-consumer-");
    private readonly ServiceProvider _services;

    /// <param name="provider">Whom it pays through.</param>
    /// <param name="withToken">Whether it has a token to send.</param>
    /// <param name="change">Changes the bodies it sends, as a change of its code would.</param>
    public PaymentConsumer(Uri provider, bool withToken = true, Func<string, string>? change = null)
    {
        string? tokenFile = null;
        if (withToken)
        {
            tokenFile = Path.Combine(_folder.FullName, "token");
            File.WriteAllText(tokenFile, ExampleToken);
        }

        var services = new ServiceCollection();
        if (change is not null)
            services.AddHttpClient(nameof(PaymentClient)).AddHttpMessageHandler(() => new Changed(change));
        _services = services
            .AddLogging()
            .AddSingleton(new ServiceProcess
            {
                Environment = new Dictionary<string, string>(StringComparer.Ordinal),
                Output = Stream.Null,
                Error = Stream.Null,
                Network = MachineProcess.MachineNetwork.Instance,
            })
            .AddPayments(new PaymentSettings { Provider = provider, TokenFile = tokenFile, Retries = 0 })
            .BuildServiceProvider();
    }

    public PaymentClient Client => _services.GetRequiredService<PaymentClient>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private sealed class Changed(Func<string, string> change) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var type = request.Content!.Headers.ContentType;
            request.Content = new StringContent(change(await request.Content.ReadAsStringAsync(cancellationToken))) { Headers = { ContentType = type } };
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
