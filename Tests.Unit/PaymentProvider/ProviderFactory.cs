using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using PaymentProvider;

namespace PaymentProvider.Tests;

/// <summary>The provider as its own Main builds it, on the test server; settings go in as arguments. Callers are asked only where a test says so.</summary>
internal sealed class ProviderFactory(string database, params (string Name, string Value)[] settings) : WebApplicationFactory<PaymentProviderService>
{
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("DATABASE", database);
        builder.UseSetting("CALLER_AUTHENTICATION", "off");
        foreach (var (name, value) in settings)
            builder.UseSetting(name, value);
    }
}
