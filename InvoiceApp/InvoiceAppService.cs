using InvoiceApp.Invoices;
using InvoiceApp.Paying;
using InvoiceApp.Payments;
using InvoiceApp.Routes;
using Processes;
using ServiceDefaults;
using ServiceDefaults.Data;

[assembly: ProgramEntry(typeof(InvoiceApp.InvoiceAppService))]

namespace InvoiceApp;

/// <summary>The invoice service: keeps invoices in PostgreSQL and pays them through the payment provider, each exactly once.</summary>
public sealed class InvoiceAppService
{
    private InvoiceAppService()
    {
    }

    /// <summary>Runs the service until it is told to stop. Settings: <see cref="InvoiceAppSettings"/> and those of <see cref="ServiceHost"/>.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(ServiceProcess process) => RunWithAsync(process, change: null);

    /// <summary>As <see cref="RunAsync"/>, with services changed: how tests put a defect into it.</summary>
    internal static Task<int> RunWithAsync(ServiceProcess process, Action<IServiceCollection>? change) => ServiceHost.RunAsync(process, new ServiceDefinition<InvoiceAppSettings>
    {
        Name = "invoice-app",
        Port = 8081,
        RequestBodyBytesMax = InvoiceRoutes.BodyBytesMax,
        Migrations = Migration.EmbeddedIn(typeof(InvoiceAppService).Assembly),
        ReadSettings = InvoiceAppSettings.Read,
        Build = (builder, settings) =>
        {
            builder.Services
                .AddSingleton(settings)
                .AddSingleton<InvoiceStore>()
                .AddSingleton<ClaimStore>()
                .AddSingleton<PayTools>()
                .AddPayments(settings.Payments);
            change?.Invoke(builder.Services);
        },
        Map = (application, _) =>
        {
            application.MapInvoices();
            application.MapPaying();
        },
    });
}
