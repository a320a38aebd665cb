using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.OpenApi;
using ServiceDefaults.Data;
using ServiceDefaults.Http;
using ServiceDefaults.Money;

namespace PaymentProvider.Payments;

/// <summary>The provider's routes: pay, and read the ledger.</summary>
internal static class PaymentRoutes
{
    /// <summary>The largest body of a payment, in bytes: an id of 200 characters, all escaped, and plenty of white space fit.</summary>
    public const int BodyBytesMax = 16 * 1024;

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        var ledger = routes.ServiceProvider.GetRequiredService<Ledger>();
        routes.MapDescribed(
                "POST", "/payments/pay", "pay", "Makes a payment; the id is its idempotency key: the same payment again is answered the same and made once.", PayAsync)
            .Takes<PaymentAsked>("application/json", "*/*")
            .Answers<PaymentAnswer>()
            .Answers<PaymentFault>(StatusCodes.Status400BadRequest)
            .Answers<PaymentFault>(StatusCodes.Status409Conflict)
            .Answers<PaymentFault>(StatusCodes.Status413PayloadTooLarge)
            .AnswersProblem(StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status503ServiceUnavailable);
        routes.MapDescribed("GET", "/payments/{**id}", "payment", "The payment made under an id.", FindAsync)
            .TakesPath("id", "The id it was paid with.")
            .Answers<PaymentMade>()
            .AnswersProblem(StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status503ServiceUnavailable);
        routes.MapDescribed("GET", "/payments", "payments", "All payments made, in the order of their ids; streamed.", ListAsync)
            .TakesQuery("after", JsonSchemaType.String, "Only ids that come after this one.")
            .TakesQuery("limit", JsonSchemaType.Integer, "At most so many.")
            .Answers<PaymentMade[]>()
            .AnswersProblem(StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status503ServiceUnavailable);

        // As GET, without a body; not in the document, where it would only repeat GET.
        routes.MapMethods("/payments/{**id}", [HttpMethods.Head], FindAsync);
        routes.MapMethods("/payments", [HttpMethods.Head], ListAsync);

        async Task PayAsync(HttpContext context)
        {
            ReadResult read;
            try
            {
                // All of it, or the limit and one byte more.
                read = await context.Request.BodyReader.ReadAtLeastAsync(BodyBytesMax + 1, context.RequestAborted);
            }
            catch (BadHttpRequestException refused)
            {
                var tooLarge = refused.StatusCode == StatusCodes.Status413PayloadTooLarge;
                await FaultAsync(context, refused.StatusCode, tooLarge ? TooLarge : PaymentRequest.NotParameters);
                return;
            }

            if (read.Buffer.Length > BodyBytesMax)
            {
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                await FaultAsync(context, StatusCodes.Status413PayloadTooLarge, TooLarge);
                return;
            }

            var fault = PaymentRequest.Read(read.Buffer, out var payment);
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (fault is not null)
                await FaultAsync(context, StatusCodes.Status400BadRequest, fault);
            else if (await ledger.PayAsync(payment, context.RequestAborted) == PaymentOutcome.Conflict)
                await FaultAsync(context, StatusCodes.Status409Conflict, $"payment id '{payment.Id}' was used before for another value or currency");
            else
                await WriteAsync(context, StatusCodes.Status200OK, "id"u8, payment.Id);
        }

        async Task FindAsync(HttpContext context)
        {
            var id = (string)context.Request.RouteValues["id"]!;
            if (await ledger.FindAsync(id, context.RequestAborted) is not { } entry)
            {
                await Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"no payment was made under the id '{id}'");
                return;
            }

            context.Response.ContentType = "application/json";
            if (HttpMethods.IsHead(context.Request.Method))
                return;
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter, JsonOptions);
            Write(json, entry);
        }

        async Task ListAsync(HttpContext context)
        {
            long? limit = null;
            if (context.Request.Query["limit"] is { Count: > 0 } asked)
            {
                if (!long.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
                {
                    await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"limit: found '{asked}', should be a whole number from 1");
                    return;
                }

                limit = number;
            }

            var head = HttpMethods.IsHead(context.Request.Method);

            // The first row before the first byte: a database that is away is still a 503.
            await using var rows = await ledger.ReadAsync(context.Request.Query["after"], head ? 1 : limit, context.RequestAborted);
            var any = await rows.NextAsync(context.RequestAborted);
            context.Response.ContentType = "application/json";
            if (head)
                return;
            await RowsAsJson.WriteAsync(rows, any, Write, context.Response.BodyWriter, context.RequestAborted);
        }
    }

    private static string TooLarge => string.Create(CultureInfo.InvariantCulture, $"request body is larger than {BodyBytesMax} bytes");

    private static int Write(CopiedRows rows, Span<byte> to)
    {
        var text = new RowText(to);
        text.Raw("{\"id\":\""u8);
        text.Text(rows.Field(0));
        text.Raw("\",\"value\":"u8);
        text.Numeric(rows.Field(1), Currencies.DecimalsOf(rows.Field(2)));
        text.Raw(",\"currency\":\""u8);
        text.Text(rows.Field(2));
        text.Raw("\",\"paidAt\":\""u8);
        text.Time(rows.Field(3));
        text.Raw("\"}"u8);
        return text.Length;
    }

    private static void Write(Utf8JsonWriter json, LedgerEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, entry.Payment.Id);
        json.WriteNumber("value"u8, Amount.InDecimalsOf(entry.Payment.Currency, entry.Payment.Value));
        json.WriteString("currency"u8, entry.Payment.Currency);
        json.WriteString("paidAt"u8, entry.PaidAt);
        json.WriteEndObject();
    }

    private static Task FaultAsync(HttpContext context, int status, string fault) => WriteAsync(context, status, "error"u8, fault);

    /// <summary>Writes an object of one field.</summary>
    private static Task WriteAsync(HttpContext context, int status, ReadOnlySpan<byte> name, string value)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString(name, value);
            json.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        return context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted).AsTask();
    }
}
