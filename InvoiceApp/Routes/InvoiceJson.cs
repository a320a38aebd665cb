using System.Text.Encodings.Web;
using System.Text.Json;
using InvoiceApp.Invoices;
using ServiceDefaults.Data;

namespace InvoiceApp.Routes;

/// <summary>Invoices as JSON.</summary>
internal static class InvoiceJson
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonEncodedText InvoiceId = JsonEncodedText.Encode("InvoiceId");
    private static readonly JsonEncodedText Value = JsonEncodedText.Encode("Value");
    private static readonly JsonEncodedText Currency = JsonEncodedText.Encode("Currency");
    private static readonly JsonEncodedText IsPaid = JsonEncodedText.Encode("IsPaid");

    /// <summary>Writes a row of <see cref="InvoiceStore.ReadAsync"/>.</summary>
    public static int Write(CopiedRows rows, Span<byte> to)
    {
        var text = new RowText(to);
        text.Raw("{\"InvoiceId\":\""u8);
        text.Text(rows.Field(0));
        text.Raw("\",\"Value\":"u8);
        text.Numeric(rows.Field(1));
        text.Raw(",\"Currency\":\""u8);
        text.Text(rows.Field(2));
        text.Raw("\",\"IsPaid\":"u8);
        text.Flag(rows.Field(3));
        text.Raw("}"u8);
        return text.Length;
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
