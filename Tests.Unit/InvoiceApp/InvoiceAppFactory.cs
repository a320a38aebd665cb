using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Postgres;
using InvoiceApp;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Npgsql;

namespace InvoiceApp.Tests;

/// <summary>The service as its own Main builds it, on the test server; settings go in as arguments. It tries again at once, so that tests are quick.</summary>
internal sealed class InvoiceAppFactory(IPostgresDatabase database, string provider, params (string Name, string Value)[] settings)
    : WebApplicationFactory<InvoiceAppService>
{
    /// <summary>A client of a service that is ready.</summary>
    public async Task<HttpClient> ReadyAsync()
    {
        var client = CreateClient();
        await Eventually.ThatAsync(async () => (await client.GetAsync("/readiness")).IsSuccessStatusCode, "invoice-app is ready");
        return client;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("DATABASE", database.ConnectionString);
        builder.UseSetting("PAYMENT_PROVIDER_URL", provider);
        builder.UseSetting("LOG_LEVEL", "Error");
        builder.UseSetting("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", "10");
        builder.UseSetting("PAYMENT_TIMEOUT_SECONDS", "15");
        builder.UseSetting("PAYMENT_RETRIES", "2");
        builder.UseSetting("PAYMENT_RETRY_DELAY_SECONDS", "0.005");
        foreach (var (name, value) in settings)
            builder.UseSetting(name, value);
    }
}

/// <summary>What tests ask of the service and of its database.</summary>
internal static class InvoiceAppQuestions
{
    public static async Task<(int Status, JsonNode Body)> PayAsync(this HttpClient client, HttpContent? body = null)
    {
        using var answer = await client.PostAsync("/invoices/pay", body);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    public static async Task<(string Id, bool IsPaid)[]> ListAsync(this HttpClient client, string query = "") =>
        [.. (await client.GetFromJsonAsync<JsonArray>("/invoices" + query))!.Select(invoice => ((string)invoice!["InvoiceId"]!, (bool)invoice["IsPaid"]!))];

    public static async Task<(string State, string? Reason)> StateAsync(this HttpClient client, string id)
    {
        var invoice = (await client.GetFromJsonAsync<JsonNode>($"/invoices/{id}"))!;
        return ((string)invoice["State"]!, (string?)invoice["Reason"]);
    }

    /// <summary>Posts with names as they are: the web's own would be in camel case.</summary>
    public static Task<HttpResponseMessage> PostInvoicesAsync(this HttpClient client, object invoices) =>
        client.PostAsJsonAsync("/invoices", invoices, JsonSerializerOptions.Default);

    public static async Task AddAsync(this HttpClient client, params object[] invoices)
    {
        using var answer = await client.PostInvoicesAsync(invoices);
        Assert.That((int)answer.StatusCode, Is.EqualTo(201), await answer.Content.ReadAsStringAsync());
    }

    public static async Task<int> ExecuteAsync(this IPostgresDatabase database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }
}
