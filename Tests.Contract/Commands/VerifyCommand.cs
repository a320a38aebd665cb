using PactNet.Infrastructure.Outputters;
using PactNet.Verifier;
using Tests.Contract.Consumer;
using Tests.Contract.Provider;

namespace Tests.Contract.Commands;

/// <summary>
/// Verifies the committed pact, or a broker's, against the provider at a URL, or one that is started here. States are made by that one's own
/// handler, by <c>STATES_URL</c>, or as far as the provider's API itself can.
/// </summary>
internal static class VerifyCommand
{
    public static async Task<int> RunAsync(ContractSettings settings, TextWriter output)
    {
        var told = new Told(output);
        if (settings.Provider is not { } provider)
        {
            await using var started = await ProviderUnderTest.StartAsync();
            await VerifyAsync(settings, started.Url, started.StatesUrl, Pacts.CommittedFile, told);
        }
        else if (settings.States is { } given)
        {
            await VerifyAsync(settings, provider, given, Pacts.CommittedFile, told);
        }
        else
        {
            using var states = new ReachableStates(provider, settings.ProviderToken);
            await using var handler = await StateServer.StartAsync(states);
            using var pact = await ReadAsync(provider, states);
            if (settings.Broker is null)
            {
                foreach (var (description, reason) in pact.LeftOut)
                    await output.WriteLineAsync($"contract: not verified: {description}: {reason}");
            }

            await VerifyAsync(settings, provider, handler.Url, pact.File, told);
        }

        await output.WriteLineAsync($"contract: {(settings.Provider is null ? "the provider" : settings.Provider)} keeps the pact");
        return 0;
    }

    private static async Task<ReachablePact> ReadAsync(Uri provider, ReachableStates states)
    {
        try
        {
            return await ReachablePact.ReadAsync(Pacts.CommittedFile, states);
        }
        catch (HttpRequestException fault)
        {
            throw new HttpRequestException($"PROVIDER_URL: {provider} cannot be reached: {fault.Message}", fault);
        }
    }

    private static Task VerifyAsync(ContractSettings settings, Uri provider, Uri states, string file, IOutput output) => settings.Broker is { } broker
        ? Verification.RunAsync(provider, states, verifier => verifier.WithPactBrokerSource(broker, options => Configure(options, settings)), output)
        : Verification.RunAsync(provider, states, new FileInfo(file), output);

    private static void Configure(IPactBrokerOptions options, ContractSettings settings)
    {
        if (settings.BrokerToken is { } token)
            options.TokenAuthentication(token);
        else if (settings.BrokerUser is var (name, password))
            options.BasicAuthentication(name, password);
        options.ConsumerVersionSelectors(new ConsumerVersionSelector { MainBranch = true }, new ConsumerVersionSelector { DeployedOrReleased = true });
        if (settings.Branch is { } branch)
            options.ProviderBranch(branch);
        if (!settings.PublishResults)
            return;
        options.PublishResults(settings.Version, publish =>
        {
            if (settings.Branch is { } of)
                publish.ProviderBranch(of);
            if (settings.Build is { } build)
                publish.BuildUri(build);
        });
    }

    private sealed class Told(TextWriter output) : IOutput
    {
        public void WriteLine(string line) => output.WriteLine(line);
    }
}
