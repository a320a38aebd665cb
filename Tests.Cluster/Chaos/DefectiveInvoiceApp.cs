using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Nodes.Images;
using InvoiceApp;
using InvoiceApp.Payments;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Processes;
using Tests.Cluster.Broken;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Chaos;

/// <summary>invoice-app with one of the original's defects put back.</summary>
internal static class DefectiveInvoiceApp
{
    /// <summary>Puts it in the place of the sound one.</summary>
    public static Action<ImageStore> Of(string defect) => images => SimulatedClusterUnderTest.AddService(images, "invoice-app:1.0.0", ProgramWith(defect), "InvoiceApp");

    private static ProgramMain ProgramWith(string defect)
    {
        // Of every replica: a provider without idempotency has no idea who asked before.
        var asked = new ConcurrentDictionary<string, byte>(StringComparer.Ordinal);
        return defect switch
        {
            "ignored status" => process => RunAsync(process, _ => new IgnoresTheStatus()),
            "mark before pay" => process => RunAsync(process, services => new MarksBeforePaying(services.GetRequiredService<NpgsqlDataSource>())),
            "no idempotency" => process => RunAsync(process, _ => new NewKeyEachAttempt(asked)),
            "in-memory store" => OriginalInvoiceApp.RunAsync,
            _ => throw new ArgumentException($"no such defect: {defect}", nameof(defect)),
        };
    }

    private static Task<int> RunAsync(ServiceProcess process, Func<IServiceProvider, DelegatingHandler> handler) =>
        InvoiceAppService.RunWithAsync(process, services => services.AddHttpClient(nameof(PaymentClient)).AddHttpMessageHandler(handler));

    private static async Task<(JsonObject Payment, string Id)> ReadAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var payment = (JsonObject)JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellation))!;
        return (payment, (string)payment["id"]!);
    }

    private static StringContent Json(JsonObject json) => new(json.ToJsonString(), Encoding.UTF8, "application/json");

    /// <summary>Whatever the provider answers is taken for a payment.</summary>
    private sealed class IgnoresTheStatus : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var (_, id) = await ReadAsync(request, cancellationToken);
            (await base.SendAsync(request, cancellationToken)).Dispose();
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = Json(new JsonObject { ["id"] = id }) };
        }
    }

    /// <summary>The invoice is marked paid, then the provider is asked.</summary>
    private sealed class MarksBeforePaying(NpgsqlDataSource database) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var (_, id) = await ReadAsync(request, cancellationToken);
            await using var mark = database.CreateCommand(
                "UPDATE invoices SET state = 'paid', reason = NULL, claimed_by = NULL, lease_until = NULL, decided_at = now() WHERE id = $1 AND state <> 'paid'");
            mark.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
            await mark.ExecuteNonQueryAsync(cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>Each attempt is another payment to the provider.</summary>
    private sealed class NewKeyEachAttempt(ConcurrentDictionary<string, byte> asked) : DelegatingHandler
    {
        private int _attempts;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var (payment, id) = await ReadAsync(request, cancellationToken);
            // The first attempt is as it should be: only what is asked for again is paid again.
            if (asked.TryAdd(id, 0))
                return await base.SendAsync(request, cancellationToken);
            payment["id"] = $"{id}~{Interlocked.Increment(ref _attempts).ToString(CultureInfo.InvariantCulture)}";
            request.Content = Json(payment);
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.IsSuccessStatusCode)
                answer.Content = Json(new JsonObject { ["id"] = id });
            return answer;
        }
    }
}
