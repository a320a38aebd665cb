using System.Globalization;
using System.Text;
using System.Text.Json;
using InvoiceApp.Paying;
using Processes;
using ServiceDefaults.Http;

namespace InvoiceApp.Routes;

/// <summary>The route that pays. It takes any body of any type, and looks at none: clients send all sorts.</summary>
internal static class PayRoutes
{
    private const string JsonLines = "application/x-ndjson";
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(1);

    public static void MapPaying(this IEndpointRouteBuilder routes)
    {
        var tools = routes.ServiceProvider.GetRequiredService<PayTools>();
        var process = routes.ServiceProvider.GetRequiredService<ServiceProcess>();
        var lifetime = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        routes.MapDescribed(
                HttpMethods.Post,
                "/invoices/pay",
                "payInvoices",
                "Pays all that is unpaid. With 'Accept: application/x-ndjson' a line of progress each second; the last has the outcome under \"status\".",
                PayAsync)
            .Answers<PaidDocument>()
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status502BadGateway, typeof(NotPaidDocument), ["application/problem+json"]))
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status503ServiceUnavailable, typeof(NotPaidDocument), ["application/problem+json"]));

        async Task PayAsync(HttpContext context)
        {
            // Whoever hangs up, or whatever stops this process, ends the claiming; what is claimed is still paid and marked.
            var streams = context.Request.Headers.Accept.Any(accept => accept?.Contains(JsonLines, StringComparison.OrdinalIgnoreCase) == true);
            using var limit = new CancellationTokenSource(streams ? Timeout.InfiniteTimeSpan : tools.Settings.Limit, tools.Clock);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted, lifetime.ApplicationStopping);
            var run = tools.NewRun();
            context.Response.Headers.CacheControl = "no-store";
            if (streams)
                await StreamAsync(context, run, run.RunAsync(stop.Token, process.Killed));
            else
                await AnswerAsync(context, await run.RunAsync(stop.Token, process.Killed));
        }

        async Task StreamAsync(HttpContext context, PayRun run, Task<PayReport> paying)
        {
            context.Response.ContentType = JsonLines;
            try
            {
                while (await Task.WhenAny(paying, Task.Delay(ProgressEvery, tools.Clock, CancellationToken.None)) != paying)
                {
                    await LineAsync(context, json =>
                    {
                        json.WriteNumber("paid"u8, run.Paid);
                        json.WriteNumber("refused"u8, run.Refused);
                        json.WriteNumber("failed"u8, run.Failed);
                    });
                }
            }
            catch (OperationCanceledException)
            {
                // The caller hung up, which stops the run; what it has claimed is still its to finish.
                await ((Task)paying).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            PayReport report;
            try
            {
                report = await paying;
            }
            catch (Exception fault) when (DatabaseFaults.IsUnavailable(fault))
            {
                // The status has long been sent; the last line says what it would be.
                await LineAsync(context, json =>
                {
                    json.WriteNumber("status"u8, StatusCodes.Status503ServiceUnavailable);
                    json.WriteString("detail"u8, "the database is unavailable, try again"u8);
                    json.WriteNumber("paid"u8, run.Paid);
                });
                return;
            }

            await LineAsync(context, json =>
            {
                json.WriteNumber("status"u8, report.Status);
                if (report.Status != StatusCodes.Status200OK)
                    json.WriteString("detail"u8, Detail(report));
                WriteNumbers(json, report);
                WriteInvoices(json, "invoices"u8, report.UnpaidInvoices);
            });
        }
    }

    private static async Task AnswerAsync(HttpContext context, PayReport report)
    {
        if (report.Status == StatusCodes.Status200OK)
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter, InvoiceJson.Options);
            json.WriteStartObject();
            WriteNumbers(json, report);
            json.WriteEndObject();
            return;
        }

        if (report.Status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        await Problem.WriteAsync(context, report.Status, Detail(report), json =>
        {
            WriteNumbers(json, report);
            WriteInvoices(json, "invoices"u8, report.UnpaidInvoices);
        });
    }

    private static async Task LineAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter, InvoiceJson.Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await context.Response.WriteAsync("\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static string Detail(PayReport report)
    {
        var detail = new StringBuilder();
        if (report.RefusedNow > 0)
            detail.Append(CultureInfo.InvariantCulture, $"{report.RefusedNow} refused by the payment provider; ");
        if (report.Left > 0)
            detail.Append(CultureInfo.InvariantCulture, $"{report.Left} left unpaid; ");
        if (report.EndedEarly is not null)
            detail.Append(report.EndedEarly).Append("; ");
        var all = report.UnpaidInvoices.Count == report.RefusedNow + report.Left;
        return detail.Append(CultureInfo.InvariantCulture, $"{report.Paid} paid. {(all ? "Each" : "Some")} of the others {(all ? "is" : "are")} listed under invoices, with the reason.").ToString();
    }

    private static void WriteNumbers(Utf8JsonWriter json, PayReport report)
    {
        json.WriteNumber("paid"u8, report.Paid);
        json.WriteNumber("paidByOthers"u8, report.PaidByOthers);
        json.WriteNumber("alreadyPaid"u8, report.AlreadyPaid);
        json.WriteNumber("refused"u8, report.RefusedNow);
        json.WriteNumber("refusedEarlier"u8, report.RefusedEarlier);
        json.WriteNumber("left"u8, report.Left);
        WriteInvoices(json, "refusedEarlierInvoices"u8, report.RefusedEarlierInvoices);
    }

    private static void WriteInvoices(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<UnpaidInvoice> invoices)
    {
        json.WriteStartArray(name);
        foreach (var invoice in invoices)
        {
            json.WriteStartObject();
            json.WriteString("InvoiceId"u8, invoice.Id);
            json.WriteString("why"u8, JsonNamingPolicy.CamelCase.ConvertName(invoice.Why.ToString()));
            json.WriteString("reason"u8, invoice.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
