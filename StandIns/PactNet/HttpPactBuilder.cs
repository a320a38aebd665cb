using PactNet.Core;
using PactNet.Exceptions;

namespace PactNet;

/// <summary>A pact in the core's memory, and its mock server while a consumer talks.</summary>
internal sealed class HttpPactBuilder(PactHandle pact, PactConfig config, ushort port, string address) : IPactBuilderV4
{
    public IRequestBuilderV4 UponReceiving(string description) =>
        new RequestBuilder(CoreFunctions.NewInteraction(pact, description), config.DefaultJsonSettings);

    public void Verify(Action<IConsumerContext> interact)
    {
        var server = Start();
        try
        {
            interact(Context(server));
            Conclude(server);
        }
        finally
        {
            Stop(server);
        }
    }

    public async Task VerifyAsync(Func<IConsumerContext, Task> interact)
    {
        var server = Start();
        try
        {
            await interact(Context(server));
            Conclude(server);
        }
        finally
        {
            Stop(server);
        }
    }

    private MockedProvider Context(int server) => new(new Uri($"http://{address}:{server}"));

    private int Start()
    {
        var started = CoreFunctions.StartMockServer(pact, address, port, "http", null);
        return started > 0 ? started : throw new InvalidOperationException(started switch
        {
            -1 => "Pact's core does not know this pact",
            -3 => $"the mock server cannot listen on {address}:{port}",
            -5 => $"'{address}' is no address to listen on",
            _ => $"the mock server did not start: Pact's core says {started}",
        });
    }

    private void Conclude(int server)
    {
        var mismatches = CoreCalls.Borrowed(CoreFunctions.Mismatches(server));
        if (mismatches is { Length: > 0 } and not "[]")
        {
            config.WriteLine("Verification mismatches:");
            config.WriteLine(mismatches);
            throw new PactFailureException("Pact verification failed. See output for details");
        }

        var written = CoreFunctions.WriteFile(pact, config.PactDir, overwrite: false);
        if (written != 0)
            throw new InvalidOperationException($"the pact file cannot be written to {config.PactDir}: Pact's core says {written}");
    }

    private void Stop(int server)
    {
        config.WriteLine("Mock driver logs:");
        config.WriteLine(CoreCalls.Borrowed(CoreFunctions.MockServerLogs(server)) ?? "none");
        CoreFunctions.StopMockServer(server);
    }

    private sealed record MockedProvider(Uri MockServerUri) : IConsumerContext;
}
