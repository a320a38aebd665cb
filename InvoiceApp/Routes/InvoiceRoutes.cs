using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using InvoiceApp.Invoices;
using Microsoft.OpenApi;
using ServiceDefaults.Http;

namespace InvoiceApp.Routes;

/// <summary>Routes that read and keep invoices.</summary>
internal static class InvoiceRoutes
{
    /// <summary>The largest body, in bytes: some fifty thousand invoices.</summary>
    public const int BodyBytesMax = 4 * 1024 * 1024;

    public static void MapInvoices(this IEndpointRouteBuilder routes)
    {
        var store = routes.ServiceProvider.GetRequiredService<InvoiceStore>();
        routes.MapDescribed(HttpMethods.Get, "/invoices", "invoices", "All invoices in the order of their creation; streamed.", ListAsync)
            .TakesQuery("paid", JsonSchemaType.Boolean, "Only those paid, or only those not.")
            .TakesQuery("after", JsonSchemaType.String, "Only those created after the one with this InvoiceId.")
            .TakesQuery("limit", JsonSchemaType.Integer, "At most so many.")
            .Answers<InvoiceDocument[]>()
            .AnswersProblem(400, 503);
        routes.MapDescribed(HttpMethods.Get, "/invoices/{id}", "invoice", "An invoice, where it stands, and why.", FindAsync)
            .TakesPath("id", "The InvoiceId.")
            .Answers<InvoiceDetailDocument>()
            .AnswersProblem(404, 503);
        routes.MapDescribed(HttpMethods.Post, "/invoices", "addInvoices", "Keeps an invoice, or an array of them: all or none. What is known already stays as it is.", AddAsync)
            .Takes<NewInvoiceDocument>("application/json", "*/*")
            .Answers<InvoiceDetailDocument>(StatusCodes.Status201Created)
            .Answers<InvoicesAddedDocument>()
            .AnswersProblem(400, 409, 413, 503);
        routes.MapDescribed(HttpMethods.Post, "/invoices/{id}/retry", "retryInvoice", "Lets a refused invoice be tried again by the next call to pay.", RetryAsync)
            .TakesPath("id", "The InvoiceId.")
            .Answers<InvoiceDetailDocument>()
            .AnswersProblem(404, 409, 503);

        // As GET, without a body; not in the document, where it would only repeat GET.
        routes.MapMethods("/invoices", [HttpMethods.Head], ListAsync);
        routes.MapMethods("/invoices/{id}", [HttpMethods.Head], FindAsync);

        async Task ListAsync(HttpContext context)
        {
            if (await SelectAsync(context) is not { } selection)
                return;
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.Headers.CacheControl = "no-store";
            var head = HttpMethods.IsHead(context.Request.Method);

            // The first row before the first byte: a database that is away is still a 503.
            await using var rows = await store.ReadAsync(head ? selection with { Limit = 1 } : selection, context.RequestAborted);
            var any = await rows.NextAsync(context.RequestAborted);
            if (head)
                return;
            await RowsAsJson.WriteAsync(rows, any, InvoiceJson.Write, context.Response.BodyWriter, context.RequestAborted);
        }

        async Task<InvoiceStore.Selection?> SelectAsync(HttpContext context)
        {
            var query = context.Request.Query;
            var selection = new InvoiceStore.Selection(null, 0, long.MaxValue);
            if (query["paid"] is { Count: > 0 } paid)
            {
                if (!bool.TryParse(paid, out var only))
                    return await WrongAsync($"paid: found '{paid}', should be true or false");
                selection = selection with { Paid = only };
            }

            if (query["limit"] is { Count: > 0 } limit)
            {
                if (!long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
                    return await WrongAsync($"limit: found '{limit}', should be a whole number from 1");
                selection = selection with { Limit = number };
            }

            if (query["after"] is { Count: > 0 } after)
            {
                if (await store.NumberAsync(after.ToString(), context.RequestAborted) is not { } number)
                    return await WrongAsync($"after: found '{after}', should be the InvoiceId of an invoice");
                selection = selection with { After = number };
            }

            return selection;

            async Task<InvoiceStore.Selection?> WrongAsync(string detail)
            {
                await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, detail);
                return null;
            }
        }

        async Task FindAsync(HttpContext context)
        {
            if (await store.FindAsync(Id(context), context.RequestAborted) is { } invoice)
                await WriteAsync(context, StatusCodes.Status200OK, invoice);
            else
                await UnknownAsync(context);
        }

        async Task AddAsync(HttpContext context)
        {
            // All of it, or the limit and one byte more; what is larger, Kestrel refuses by itself.
            var read = await context.Request.BodyReader.ReadAtLeastAsync(BodyBytesMax + 1, context.RequestAborted);
            if (read.Buffer.Length > BodyBytesMax)
            {
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, $"the body is larger than {BodyBytesMax} bytes; send the invoices in parts");
                return;
            }

            var asked = NewInvoiceReader.Read(read.Buffer);
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (asked.Faults.Count > 0)
            {
                await FaultsAsync(context, asked.Faults);
                return;
            }

            var added = await store.AddAsync(asked.Invoices, context.RequestAborted);
            if (added.Conflicts.Count > 0)
            {
                await ConflictAsync(context, added.Conflicts);
                return;
            }

            var status = added.Created > 0 ? StatusCodes.Status201Created : StatusCodes.Status200OK;
            if (!asked.IsArray)
            {
                context.Response.Headers.Location = $"/invoices/{asked.Invoices[0].Id}";
                await WriteAsync(context, status, (await store.FindAsync(asked.Invoices[0].Id, context.RequestAborted))!);
                return;
            }

            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter, InvoiceJson.Options);
            json.WriteStartObject();
            json.WriteNumber("created"u8, added.Created);
            json.WriteNumber("known"u8, asked.Invoices.Count - added.Created);
            json.WriteEndObject();
        }

        async Task RetryAsync(HttpContext context)
        {
            var invoice = await store.RetryAsync(Id(context), context.RequestAborted);
            if (invoice is null)
                await UnknownAsync(context);
            else if (invoice.State == InvoiceState.Paid)
                await Problem.WriteAsync(context, StatusCodes.Status409Conflict, $"invoice '{invoice.Id}' is paid");
            else
                await WriteAsync(context, StatusCodes.Status200OK, invoice);
        }
    }

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static Task UnknownAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"there is no invoice '{Id(context)}'");

    private static async Task WriteAsync(HttpContext context, int status, Invoice invoice)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, InvoiceJson.Options);
        InvoiceJson.Write(json, invoice);
    }

    private static Task FaultsAsync(HttpContext context, IReadOnlyList<InvoiceFault> faults) =>
        Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "nothing was kept: " + string.Join("; ", faults.Take(3).Select(Say)) + (faults.Count > 3 ? "; …" : ""), json =>
        {
            json.WriteStartArray("errors"u8);
            foreach (var fault in faults)
            {
                json.WriteStartObject();
                if (fault.Index is { } index)
                    json.WriteNumber("index"u8, index);
                if (fault.Field is not null)
                    json.WriteString("field"u8, fault.Field);
                json.WriteString("fault"u8, fault.Fault);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    private static string Say(InvoiceFault fault) =>
        (fault.Index is { } index ? $"[{index}]" : "") + (fault.Field is { } field ? (fault.Index is null ? "" : ".") + field + " " : fault.Index is null ? "" : " ") + fault.Fault;

    private static Task ConflictAsync(HttpContext context, IReadOnlyList<string> ids) =>
        Problem.WriteAsync(
            context,
            StatusCodes.Status409Conflict,
            $"nothing was kept: known already for another value or currency: {string.Join(", ", ids.Take(10))}{(ids.Count > 10 ? ", …" : "")}",
            json =>
            {
                json.WriteStartArray("conflicts"u8);
                foreach (var id in ids)
                    json.WriteStringValue(id);
                json.WriteEndArray();
            });
}
