using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Processes;

namespace Tests.Cluster.Broken;

/// <summary>
/// The challenge's original invoice-app, with its defects: every replica keeps its invoices in its own memory; whatever the provider
/// answers, the invoice is marked paid.
/// </summary>
internal static class OriginalInvoiceApp
{
    private sealed record Invoice(string InvoiceId, decimal Value, string Currency)
    {
        public bool IsPaid { get; set; }
    }

    public static async Task<int> RunAsync(ServiceProcess process)
    {
        var invoices = new ConcurrentDictionary<string, Invoice>(StringComparer.Ordinal);
        foreach (var first in (Invoice[])[new("I1", 12.15m, "EUR"), new("I2", 10.25m, "GBP"), new("I3", 66.13m, "DKK")])
            invoices[first.InvoiceId] = first;

        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (context, cancellation) => process.Network.DialAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation),
        })
        {
            BaseAddress = new Uri(process.Environment["PAYMENT_PROVIDER_URL"]),
        };
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton(process.Network.Listener!);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(int.Parse(process.Environment["PORT"], CultureInfo.InvariantCulture)));
        await using var application = builder.Build();
        application.Run(context => AnswerAsync(context, invoices, client));
        await application.StartAsync(process.Stop);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, process.Clock, process.Stop);
        }
        catch (OperationCanceledException)
        {
            // SIGTERM.
        }
        return 0;
    }

    private static async Task AnswerAsync(HttpContext context, ConcurrentDictionary<string, Invoice> invoices, HttpClient provider)
    {
        switch (context.Request.Method, context.Request.Path.Value)
        {
            case ("GET", "/invoices"):
                await context.Response.WriteAsJsonAsync(invoices.Values.OrderBy(invoice => invoice.InvoiceId, StringComparer.Ordinal), JsonSerializerOptions.Default);
                break;
            case ("POST", "/invoices"):
                foreach (var invoice in await context.Request.ReadFromJsonAsync<Invoice[]>(JsonSerializerOptions.Default) ?? [])
                    invoices[invoice.InvoiceId] = invoice;
                context.Response.StatusCode = StatusCodes.Status201Created;
                break;
            case ("POST", "/invoices/pay"):
                foreach (var invoice in invoices.Values.Where(invoice => !invoice.IsPaid))
                {
                    using var ignored = await provider.PostAsJsonAsync("/payments/pay", new { id = invoice.InvoiceId, value = invoice.Value, currency = invoice.Currency });
                    invoice.IsPaid = true;
                }
                await context.Response.WriteAsync("{}");
                break;
            case ("GET", "/healthz" or "/liveness" or "/readiness"):
                await context.Response.WriteAsync("ok");
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }
}
