using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace InvoiceApp.Payments;

/// <summary>
/// Asks the payment provider for payments: <c>POST payments/pay</c> with <c>{"id","value","currency"}</c>. An id is paid at most once,
/// however often it is asked for, so every attempt may be repeated.
/// </summary>
internal sealed class PaymentClient(HttpClient http, ResiliencePipeline<PaymentOutcome> resilience, CallerToken? token, TimeProvider clock)
{
    /// <summary>The largest answer that is read, in bytes.</summary>
    public const int AnswerBytesMax = 64 * 1024;

    private static readonly Uri Path = new("payments/pay", UriKind.Relative);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Pays, with time-outs and further attempts as configured. What goes wrong is an outcome, not an exception.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> fired; the payment may have been made.</exception>
    public async Task<PaymentOutcome> PayAsync(string id, decimal value, string currency, CancellationToken cancellation)
    {
        try
        {
            return await resilience.ExecuteAsync(
                static (payment, cancellation) => payment.Client.AttemptAsync(payment.Id, payment.Value, payment.Currency, cancellation),
                (Client: this, Id: id, Value: value, Currency: currency),
                cancellation);
        }
        catch (TimeoutRejectedException late)
        {
            return new(PaymentOutcomeKind.Unavailable, $"the provider did not answer within {late.Timeout.TotalSeconds} s");
        }
        catch (BrokenCircuitException)
        {
            return new(PaymentOutcomeKind.Unavailable, "the provider failed too often just now and is left alone for a moment");
        }
    }

    private async ValueTask<PaymentOutcome> AttemptAsync(string id, decimal value, string currency, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = Body(id, value, currency) };
        if (token is not null)
        {
            try
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await token.GetAsync(cancellation));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return new(PaymentOutcomeKind.NotAllowed, token.Fault(fault));
            }
        }

        try
        {
            // Read to its end here, so that the attempt's time-out covers a body that trickles.
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellation);
            var outcome = PaymentAnswer.Read(id, answer.StatusCode, body, answer.Headers.RetryAfter, clock);
            if (outcome.Kind == PaymentOutcomeKind.NotAllowed)
                token?.Forget();
            return outcome;
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new(PaymentOutcomeKind.Nonsense, $"the provider answered with more than {AnswerBytesMax} bytes");
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.InvalidResponse)
        {
            return new(PaymentOutcomeKind.Nonsense, $"the provider's answer is not HTTP: {Innermost(fault)}");
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException
            || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // A cancellation that is nobody's: the handler's own time-out for connecting.
            return new(PaymentOutcomeKind.Unavailable, $"the provider could not be reached: {Innermost(fault)}");
        }
    }

    private static ByteArrayContent Body(string id, decimal value, string currency)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            json.WriteNumber("value"u8, value);
            json.WriteString("currency"u8, currency);
            json.WriteEndObject();
        }

        return new ByteArrayContent(buffer.WrittenSpan.ToArray()) { Headers = { ContentType = Json } };
    }

    private static string Innermost(Exception fault)
    {
        while (fault.InnerException is { } inner)
            fault = inner;
        return fault.Message;
    }
}
