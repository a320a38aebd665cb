using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace InvoiceApp.Payments;

/// <summary>Reads the provider's answers. The status decides; the body only says why.</summary>
internal static class PaymentAnswer
{
    private const int ReasonLengthMax = 300;

    /// <summary>What <paramref name="status"/> and <paramref name="body"/> say about the payment <paramref name="id"/>.</summary>
    public static PaymentOutcome Read(string id, HttpStatusCode status, ReadOnlySpan<byte> body, RetryConditionHeaderValue? retryAfter, TimeProvider clock)
    {
        switch ((int)status)
        {
            case 200 or 201:
                return ReadText(body, "id"u8) switch
                {
                    null => new(PaymentOutcomeKind.Nonsense, $"the provider answered {(int)status} without the payment's id"),
                    { } given when given != id => new(PaymentOutcomeKind.Nonsense, $"the provider answered {(int)status} for another payment, '{Shown(given)}'"),
                    _ => PaymentOutcome.Accepted,
                };
            case 400 or 402 or 409 or 422:
                return new(PaymentOutcomeKind.Refused, Why(status, body));
            case 401 or 403:
                return new(PaymentOutcomeKind.NotAllowed, Why(status, body));
            case 408 or 425 or 429 or >= 500:
                return new(PaymentOutcomeKind.Unavailable, Why(status, body), Wait(retryAfter, clock), Throttled: (int)status == 429);
            default:
                return new(PaymentOutcomeKind.Nonsense, $"the provider answered {(int)status}, which is no answer to a payment");
        }
    }

    private static string Why(HttpStatusCode status, ReadOnlySpan<byte> body) =>
        (ReadText(body, "error"u8) ?? ReadText(body, "detail"u8) ?? ReadText(body, "title"u8)) is { Length: > 0 } reason
            ? $"the provider answered {(int)status}: {Shown(reason)}"
            : $"the provider answered {(int)status} without a reason";

    private static TimeSpan? Wait(RetryConditionHeaderValue? retryAfter, TimeProvider clock) => retryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date - clock.GetUtcNow() is var span => span > TimeSpan.Zero ? span : TimeSpan.Zero,
        _ => null,
    };

    /// <summary>The text under <paramref name="name"/> in the object that <paramref name="body"/> is; <see langword="null"/> where it is none.</summary>
    private static string? ReadText(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name)
    {
        try
        {
            var json = new Utf8JsonReader(body);
            string? found = null;
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var wanted = json.ValueTextEquals(name);
                json.Read();
                if (wanted)
                    found = json.TokenType == JsonTokenType.String ? json.GetString() : null;
                json.Skip();
            }

            // What follows the object is a fault too, and only reading on finds it.
            json.Read();
            return found;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Shown(string text)
    {
        var one = string.Concat(text.Where(character => !char.IsControl(character)));
        return one.Length > ReasonLengthMax ? one[..ReasonLengthMax] + "…" : one;
    }
}
