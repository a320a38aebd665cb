using System.Buffers;
using System.Text.Json;
using ServiceDefaults.Money;

namespace PaymentProvider.Payments;

/// <summary>Reads <c>{"id","value","currency"}</c>. The texts of the first five faults are the challenge's; clients know them.</summary>
internal static class PaymentRequest
{
    public const string EmptyBody = "empty body request";
    public const string NotParameters = "failed to process payment request parameters";
    public const string NoId = "could not retrieve payment id";
    public const string NoValue = "could not retrieve payment value";
    public const string NoCurrency = "could not retrieve payment currency";

    /// <summary>The longest id, in UTF-16 units.</summary>
    public const int IdLengthMax = 200;

    /// <summary>Reads a request's body, whatever its content type says.</summary>
    /// <returns><see langword="null"/> when right, else what is wrong.</returns>
    public static string? Read(ReadOnlySequence<byte> body, out Payment payment)
    {
        payment = default;
        var bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        if (bytes.Trim(" \t\r\n"u8).IsEmpty)
            return EmptyBody;

        string? id = null, currency = null, valueFault = null;
        decimal? value = null;
        try
        {
            var json = new Utf8JsonReader(bytes);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
                return NotParameters;
            bool seenId = false, seenValue = false, seenCurrency = false;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                // The same field twice: which one counts is anybody's guess, so neither does.
                if (json.ValueTextEquals("id"u8))
                {
                    if (!First(ref seenId, ref json))
                        return NotParameters;
                    id = json.TokenType == JsonTokenType.String ? json.GetString() : null;
                }
                else if (json.ValueTextEquals("value"u8))
                {
                    if (!First(ref seenValue, ref json))
                        return NotParameters;
                    if (json.TokenType == JsonTokenType.Number)
                    {
                        valueFault = Amount.Read(json.ValueSpan, out var exact);
                        value = exact;
                    }
                }
                else if (json.ValueTextEquals("currency"u8))
                {
                    if (!First(ref seenCurrency, ref json))
                        return NotParameters;
                    currency = json.TokenType == JsonTokenType.String ? json.GetString() : null;
                }
                else
                {
                    json.Read();
                }

                json.Skip();
            }

            // Anything after the object is an error, which only reading on finds.
            json.Read();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text that is not UTF-8, or half of a surrogate pair.
            return NotParameters;
        }

        if (string.IsNullOrEmpty(id))
            return NoId;
        if (value is null)
            return NoValue;
        if (string.IsNullOrEmpty(currency))
            return NoCurrency;
        if (id.Length > IdLengthMax)
            return $"payment id is longer than {IdLengthMax} characters";
        if (id.Any(char.IsControl))
            return "payment id holds control characters";
        if (valueFault is not null)
            return $"payment value {valueFault}";
        if (currency.Length > 3)
            currency = currency[..3] + "…";
        if (Amount.CurrencyFault(currency) is { } noCurrency)
            return $"payment currency {noCurrency}";
        if (Amount.ValueFault(value.Value, currency) is { } noValue)
            return $"payment value {noValue}";
        payment = new Payment(id, value.Value, currency);
        return null;
    }

    private static bool First(ref bool seen, ref Utf8JsonReader json)
    {
        var first = !seen;
        seen = true;
        json.Read();
        return first;
    }
}
