using InvoiceApp.Paying;
using InvoiceApp.Payments;
using ServiceDefaults.Settings;

namespace InvoiceApp;

/// <summary>What invoice-app alone is told, beside what every service is. Each setting is an environment variable of the name given.</summary>
/// <param name="Payments">How the payment provider is called: <c>PAYMENT_…</c>.</param>
/// <param name="Pay">How invoices are claimed and paid: <c>PAY_…</c>.</param>
public sealed record InvoiceAppSettings(PaymentSettings Payments, PaySettings Pay)
{
    /// <summary>Reads them.</summary>
    public static InvoiceAppSettings Read(SettingsReader settings) => new(PaymentSettings.Read(settings), PaySettings.Read(settings));
}
