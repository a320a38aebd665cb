using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using InvoiceApp.Invoices;

namespace InvoiceApp.Routes;

/// <summary>Invoices as JSON.</summary>
internal static class InvoiceJson
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private const int FlushBytes = 32 * 1024;
    private static readonly JsonEncodedText InvoiceId = JsonEncodedText.Encode("InvoiceId");
    private static readonly JsonEncodedText Value = JsonEncodedText.Encode("Value");
    private static readonly JsonEncodedText Currency = JsonEncodedText.Encode("Currency");
    private static readonly JsonEncodedText IsPaid = JsonEncodedText.Encode("IsPaid");

    /// <summary>Writes rows as an array while they are read, as fast as the caller takes them and in constant memory.</summary>
    /// <param name="rows">The rows; the first was read already, so that a fault that shows at once is still an answer of its own.</param>
    /// <param name="any">Whether there is a first.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public static async Task WriteAsync(InvoiceRows rows, bool any, PipeWriter output, CancellationToken cancellation)
    {
        await using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartArray();
        long flushed = 0;
        while (any)
        {
            json.WriteStartObject();
            json.WriteString(InvoiceId, rows.Id);
            json.WriteNumber(Value, rows.Value);
            json.WriteString(Currency, rows.Currency);
            json.WriteBoolean(IsPaid, rows.IsPaid);
            json.WriteEndObject();

            // BytesPending alone counts only what is not yet the pipe's, and so never gets there.
            if (json.BytesCommitted + json.BytesPending - flushed > FlushBytes)
            {
                json.Flush();
                flushed = json.BytesCommitted;
                await output.FlushAsync(cancellation);
            }

            any = await rows.ReadAsync(cancellation);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes an invoice and where it stands.</summary>
    public static void Write(Utf8JsonWriter json, Invoice invoice)
    {
        json.WriteStartObject();
        json.WriteString(InvoiceId, invoice.Id);
        json.WriteNumber(Value, invoice.Value);
        json.WriteString(Currency, invoice.Currency);
        json.WriteBoolean(IsPaid, invoice.State == InvoiceState.Paid);
        json.WriteString("State"u8, invoice.State switch
        {
            InvoiceState.Unpaid => "unpaid"u8,
            InvoiceState.Claimed => "claimed"u8,
            InvoiceState.Paid => "paid"u8,
            _ => "refused"u8,
        });
        json.WriteString("Reason"u8, invoice.Reason);
        if (invoice.DecidedAt is { } at)
            json.WriteString("DecidedAt"u8, at);
        else
            json.WriteNull("DecidedAt"u8);
        json.WriteEndObject();
    }
}
