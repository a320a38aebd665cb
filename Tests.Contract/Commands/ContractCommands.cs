using PactNet.Exceptions;

namespace Tests.Contract.Commands;

/// <summary>What <c>eng/contract.sh</c> starts: <c>verify</c>, <c>publish</c>, <c>can-i-deploy</c>.</summary>
internal static class ContractCommands
{
    private const string Usage = "usage: verify | publish | can-i-deploy; settings come from the environment: docs/stand-ins.md";

    /// <summary>Runs a command.</summary>
    /// <returns>0 done, 1 the answer is no, 2 it could not be found out.</returns>
    public static async Task<int> RunAsync(string[] arguments, IReadOnlyDictionary<string, string> environment, TextWriter output)
    {
        try
        {
            var settings = new ContractSettings(environment);
            switch (arguments)
            {
                case ["verify"]:
                    return await VerifyCommand.RunAsync(settings, output);
                case ["publish"]:
                    await using (var broker = PactBroker.Open(settings))
                        return await broker.PublishAsync(settings, output);
                case ["can-i-deploy"]:
                    await using (var broker = PactBroker.Open(settings))
                        return await broker.CanIDeployAsync(settings, output);
                default:
                    await output.WriteLineAsync(Usage);
                    return 2;
            }
        }
        catch (Exception fault) when (fault is PactFailureException or DllNotFoundException or HttpRequestException or TaskCanceledException
            or InvalidOperationException or IOException or ClusterSim.Postgres.PostgresNotFoundException)
        {
            await output.WriteLineAsync($"contract: {fault.Message}");
            return fault is PactVerificationFailedException ? 1 : 2;
        }
    }
}
