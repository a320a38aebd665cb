using Tests.Contract.Commands;

#pragma warning disable RS0030 // The machine's own process: what make pact-verify, pact-publish and can-i-deploy start.
var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
    .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal);
return await ContractCommands.RunAsync(args, environment, Console.Out);
#pragma warning restore RS0030
