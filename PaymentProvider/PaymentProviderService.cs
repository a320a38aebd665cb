using PaymentProvider.Access;
using PaymentProvider.Payments;
using Processes;
using ServiceDefaults;
using ServiceDefaults.Data;

[assembly: ProgramEntry(typeof(PaymentProvider.PaymentProviderService))]

namespace PaymentProvider;

/// <summary>The payment provider: takes payments over HTTP and keeps them in a ledger, each id once.</summary>
public sealed class PaymentProviderService
{
    private PaymentProviderService()
    {
    }

    /// <summary>Runs the service until it is told to stop. Settings: <see cref="PaymentProviderSettings"/> and those of <see cref="ServiceHost"/>.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(ServiceProcess process) => ServiceHost.RunAsync(process, new ServiceDefinition<PaymentProviderSettings>
    {
        Name = "payment-provider",
        Port = 8082,
        RequestBodyBytesMax = PaymentRoutes.BodyBytesMax,
        Migrations = Migration.EmbeddedIn(typeof(PaymentProviderService).Assembly),
        ReadSettings = PaymentProviderSettings.Read,
        Build = (builder, settings) => builder.Services
            .AddSingleton(settings)
            .AddSingleton(settings.Access)
            .AddSingleton<IssuerKeys>()
            .AddSingleton<CallerTokens>()
            .AddSingleton<Ledger>(),
        Map = (application, settings) =>
        {
            if (settings.Access.Required)
                application.UseMiddleware<CallerCheck>();
            else
                application.Logger.LogInformation("Anybody may call: CALLER_AUTHENTICATION is off");
            application.MapPayments();
        },
    });
}
