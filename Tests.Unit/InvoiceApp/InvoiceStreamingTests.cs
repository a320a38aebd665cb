using Tests.Unit.Postgres;

namespace InvoiceApp.Tests;

[TestFixture]
[NonParallelizable] // It measures the memory of the process.
internal sealed class InvoiceStreamingTests
{
    /// <summary>Enough that holding them would show: 70 bytes each on the wire.</summary>
    private static readonly int Count = Samples.Count(200_000);

    [Test, Category(Samples.Category)]
    public async Task However_many_invoices_there_are_listing_them_takes_the_same_memory()
    {
        await using var database = await TestPostgres.DatabaseAsync("stream");
        var (app, client) = await InvoiceAppOnAPort.StartAsync(database.ConnectionString, "http://127.0.0.1:1");
        await using var running = app;
        using var asking = client;
        await database.ExecuteAsync(
            $"INSERT INTO invoices (id, value, currency) SELECT 'S' || n, (n % 100000 + 1) / 100.0, 'EUR' FROM generate_series(4, {Count}) AS n; ANALYZE invoices");

        using (await client.GetAsync("/invoices?limit=1000"))
        {
            // What the first list brings with it (code, pools, buffers) is no part of the question.
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var answer = await client.GetAsync("/invoices", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[64 * 1024];
        long bytes = 0, lines = 0, early = 0, late = 0;
        for (int read; (read = await body.ReadAsync(buffer)) > 0; bytes += read)
        {
            lines += buffer.AsSpan(0, read).Count((byte)'{');
            if (early == 0 && lines > Count / 10)
                early = GC.GetTotalMemory(forceFullCollection: true);
            if (late == 0 && lines > Count * 9L / 10)
                late = GC.GetTotalMemory(forceFullCollection: true);
        }

        await TestContext.Out.WriteLineAsync($"{lines} invoices, {bytes / 1e6:0.0} MB; live memory {before / 1e6:0.0} MB, {early / 1e6:0.0} MB, then {late / 1e6:0.0} MB");
        Assert.That(lines, Is.EqualTo(Count));
        Assert.That(early - before, Is.LessThan(3_000_000), "live bytes when a tenth was read, against before");
        Assert.That(late - before, Is.LessThan(3_000_000), "live bytes when nine tenths were read, against before");
    }
}
