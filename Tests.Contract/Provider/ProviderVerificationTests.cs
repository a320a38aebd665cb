using PactNet.Exceptions;
using Tests.Contract.Consumer;

namespace Tests.Contract.Provider;

/// <summary>The real provider, on a real port, keeps the committed pact.</summary>
[TestFixture]
internal sealed class ProviderVerificationTests
{
    private ProviderUnderTest _provider = null!;

    [OneTimeSetUp]
    public async Task Start() => _provider = await ContractPostgres.ProviderOrSkipAsync();

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_provider is not null)
            await _provider.DisposeAsync();
    }

    [Test]
    public async Task The_provider_keeps_every_interaction_of_the_pact()
    {
        var output = new RecordedOutput();
        try
        {
            await Verification.RunAsync(_provider.Url, _provider.StatesUrl, new FileInfo(Pacts.CommittedFile), output);
        }
        catch (DllNotFoundException missing)
        {
            Assert.Ignore(missing.Message);
        }
        catch (PactFailureException)
        {
            Assert.Fail(output.Text);
        }

        Assert.Multiple(() =>
        {
            foreach (var interaction in PaymentInteractions.All)
                Assert.That(output.Text, Does.Contain(interaction.Description));
        });
    }
}
