using System.Text;
using InvoiceApp;
using Processes;

namespace InvoiceApp.Tests;

[TestFixture]
internal sealed class InvoiceAppSettingsTests
{
    [TestCase("PAYMENT_PROVIDER_URL", null, "missing, should be an absolute http or https address")]
    [TestCase("PAYMENT_PROVIDER_URL", "payment-provider", "found 'payment-provider', should be an absolute http or https address")]
    [TestCase("PAYMENT_PROVIDER_URL", "ftp://payment-provider", "should be an absolute http or https address")]
    [TestCase("PAYMENT_TOKEN_FILE", "token", "found 'token', should be an absolute path")]
    [TestCase("PAYMENT_PARALLELISM", "0", "found '0', should be a whole number from 1 to 1000 (default 128)")]
    [TestCase("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", "60", "found 60, should be at most PAYMENT_TIMEOUT_SECONDS, 10")]
    [TestCase("PAYMENT_RETRIES", "-1", "found '-1'")]
    [TestCase("PAYMENT_CIRCUIT_BREAK_SECONDS", "0.1", "found '0.1', should be seconds from 0.5")]
    [TestCase("PAY_BATCH", "many", "found 'many', should be a whole number from 1 to 10000 (default 500)")]
    [TestCase("PAY_LEASE_SECONDS", "0", "found '0', should be seconds from 0.1")]
    [TestCase("DATABASE", null, "missing, should be a connection string")]
    public async Task A_wrong_setting_ends_the_process_with_one_line_that_names_it(string name, string? value, string fault)
    {
        var (code, error) = await RunAsync((name, value));

        Assert.That(code, Is.EqualTo(1));
        Assert.That(error, Does.StartWith($"invoice-app: setting {name}: ").And.Contains(fault));
        Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Several_faults_are_all_told()
    {
        var (_, error) = await RunAsync(("PAY_BATCH", "0"), ("PAYMENT_RETRIES", "x"));

        Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(2));
    }

    private static async Task<(int Code, string Error)> RunAsync(params (string Name, string? Value)[] settings)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DATABASE"] = "Host=nowhere;Database=invoices;Username=invoices",
            ["PAYMENT_PROVIDER_URL"] = "http://payment-provider:8082",
            ["PORT"] = "0",
        };
        foreach (var (name, value) in settings)
        {
            if (value is null)
                environment.Remove(name);
            else
                environment[name] = value;
        }

        using var error = new MemoryStream();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var code = await InvoiceAppService.RunAsync(new ServiceProcess
        {
            Environment = environment,
            Output = Stream.Null,
            Error = error,
            Network = MachineProcess.MachineNetwork.Instance,
            Stop = stop.Token,
        });
        return (code, Encoding.UTF8.GetString(error.ToArray()));
    }
}
