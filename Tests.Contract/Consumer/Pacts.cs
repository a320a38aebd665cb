using InvoiceApp.Payments;
using PactNet;
using PactNet.Exceptions;

namespace Tests.Contract.Consumer;

/// <summary>Writes pacts between invoice-app and payment-provider. Fixtures are skipped, with the reason, where Pact's core cannot be had.</summary>
internal static class Pacts
{
    public const string Consumer = "InvoiceApp";
    public const string Provider = "PaymentProvider";
    public const string FileName = $"{Consumer}-{Provider}.json";

    /// <summary>The committed pact.</summary>
    public static string CommittedFile => Repository.Path($"Contracts/pacts/{FileName}");

    /// <summary>A new pact that is written into <paramref name="folder"/>, together with what is there.</summary>
    public static IPactBuilderV4 Begin(string folder, RecordedOutput? output = null)
    {
        var config = new PactConfig { PactDir = folder, LogLevel = PactLogLevel.Warn, Outputters = [output ?? new RecordedOutput()] };
        return OrSkip(() => Pact.V4(Consumer, Provider, config).WithHttpInteractions());
    }

    /// <summary>What needs Pact's core is skipped without one, never passed.</summary>
    public static T OrSkip<T>(Func<T> begin)
    {
        try
        {
            return begin();
        }
        catch (DllNotFoundException missing)
        {
            Assert.Ignore(missing.Message);
            throw;
        }
    }

    /// <summary>Lets invoice-app's client do an interaction; fails with the difference where it sends something else, or makes something else of the answer.</summary>
    /// <param name="interaction">What it does.</param>
    /// <param name="folder">Where the pact is written.</param>
    /// <param name="change">Changes what the client sends, as a change of its code would.</param>
    public static async Task WriteAsync(PaymentInteraction interaction, string folder, Func<string, string>? change = null)
    {
        var output = new RecordedOutput();
        var pact = Begin(folder, output);
        interaction.Define(pact);
        var outcome = default(PaymentOutcome);
        try
        {
            await pact.VerifyAsync(async mock =>
            {
                await using var consumer = new PaymentConsumer(mock.MockServerUri, withToken: interaction.State != Contracts.ProviderStates.CallerUnknown, change);
                var (id, value, currency) = interaction.Asks;
                outcome = await consumer.Client.PayAsync(id, value, currency, CancellationToken.None);
            });
        }
        catch (PactFailureException)
        {
            Assert.Fail($"{interaction.Description}: invoice-app does something else than its pact says: {output.Text}");
        }

        // Only now: to what was wrong in the first place the mock server gives an answer that tells less.
        Assert.That(outcome.Kind, Is.EqualTo(interaction.Outcome), outcome.Reason);
        Assert.That(outcome.RetryAfter, interaction.HasRetryAfter ? Is.EqualTo(TimeSpan.FromSeconds(1)) : Is.Null);
    }
}
