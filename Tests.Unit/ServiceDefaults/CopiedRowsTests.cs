using System.Globalization;
using System.Text;
using System.Text.Json;
using ClusterSim.Postgres;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;
using ServiceDefaults.Data;
using Tests.Unit.Postgres;

namespace ServiceDefaults.Tests;

/// <summary>PostgreSQL's bytes become the JSON that a reader of values and a writer of JSON would make of them.</summary>
[TestFixture]
internal sealed class CopiedRowsTests
{
    private IPostgresDatabase _database = null!;
    private NpgsqlDataSource _source = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _database = await TestPostgres.DatabaseAsync("copied");
        _source = NpgsqlDataSource.Create(_database.ConnectionString);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_source is not null)
            await _source.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test, Category(Samples.Category)]
    public void Any_amount_is_written_as_it_is_stored()
    {
        var amounts =
            from digits in Gen.Choose(0, int.MaxValue)
            from more in Gen.Choose(0, 4_000_000)
            from scale in Gen.Choose(0, 9)
            select new decimal(digits, more, 0, isNegative: false, (byte)scale);

        Prop.ForAll(amounts.ArrayOf(40).ToArbitrary(), some => AreWrittenAsync(some).GetAwaiter().GetResult()).Check(Samples.Config(40));
    }

    [TestCase("0")]
    [TestCase("0.0001")]
    [TestCase("0.10")]
    [TestCase("9999")]
    [TestCase("10000")]
    [TestCase("10000.0000")]
    [TestCase("100000000")]
    [TestCase("999999999999999.9999")]
    [TestCase("123456789012345.6780")]
    public async Task An_amount_at_a_group_of_digits_edge_is_written_as_it_is_stored(string amount) =>
        Assert.That(await AreWrittenAsync([decimal.Parse(amount, CultureInfo.InvariantCulture)]));

    [TestCase("10.1000", 2, "10.10")]
    [TestCase("10", 2, "10.00")]
    [TestCase("7.0000", 0, "7")]
    [TestCase("0.0500", 3, "0.050")]
    public async Task An_amount_is_written_with_as_many_decimals_as_are_asked_for(string stored, int decimals, string written) =>
        Assert.That(await WriteAsync($"SELECT {stored}::numeric", row => row.Numeric(decimals)), Is.EqualTo(written));

    [TestCase("plain-1.2:3")]
    [TestCase("a\"quote\\and/slash")]
    [TestCase("Grüße, 世界 😀 <&>'")]
    public async Task A_text_is_escaped_as_the_rest_of_the_answers_are(string text)
    {
        using var expected = new MemoryStream();
        await using (var json = new Utf8JsonWriter(expected, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            json.WriteStringValue(text);

        Assert.That($"\"{await WriteAsync($"SELECT {CopiedRows.Literal(text)}::text", row => row.Text())}\"", Is.EqualTo(Encoding.UTF8.GetString(expected.ToArray())));
    }

    [TestCase("2026-11-22 10:00:00.12+00", "2026-11-22T10:00:00.12Z")]
    [TestCase("2026-11-22 10:00:00+00", "2026-11-22T10:00:00Z")]
    [TestCase("1999-12-31 23:59:59.999999+00", "1999-12-31T23:59:59.999999Z")]
    public async Task A_time_is_written_in_UTC_without_trailing_zeros(string time, string written) =>
        Assert.That(await WriteAsync($"SELECT '{time}'::timestamptz", row => row.Time()), Is.EqualTo(written));

    [Test]
    public async Task Rows_larger_than_any_buffer_come_whole_and_no_rows_are_none()
    {
        await using var large = await CopiedRows.OpenAsync(_source, "SELECT repeat('x', 100000 * n) FROM generate_series(0, 3) AS n ORDER BY n", default);
        for (var number = 0; number < 4; number++)
        {
            Assert.That(await large.NextAsync(default), Is.True);
            Assert.That(large.Field(0).Length, Is.EqualTo(100_000 * number));
        }
        Assert.That(await large.NextAsync(default), Is.False);

        await using var none = await CopiedRows.OpenAsync(_source, "SELECT 1 WHERE false", default);
        Assert.That(await none.NextAsync(default), Is.False);
    }

    [Test]
    public async Task Rows_that_nobody_reads_on_let_go_of_their_connection()
    {
        for (var times = 0; times < 3; times++)
        {
            await using var rows = await CopiedRows.OpenAsync(_source, "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)", default);
            Assert.That(await rows.NextAsync(default), Is.True);
        }

        await using var command = _source.CreateCommand("SELECT 1");
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(1));
    }

    private async Task<bool> AreWrittenAsync(IReadOnlyList<decimal> amounts)
    {
        if (amounts.Count == 0)
            return true;
        var values = string.Join(", ", amounts.Select((amount, index) => $"({index}, {amount.ToString(CultureInfo.InvariantCulture)}::numeric)"));
        await using var rows = await CopiedRows.OpenAsync(_source, $"SELECT amount FROM (VALUES {values}) AS given (place, amount) ORDER BY place", default);
        foreach (var amount in amounts)
        {
            Assert.That(await rows.NextAsync(default), Is.True);
            Assert.That(new Row(rows).Numeric(null), Is.EqualTo(amount.ToString(CultureInfo.InvariantCulture)));
        }
        return !await rows.NextAsync(default);
    }

    private async Task<string> WriteAsync(string query, Func<Row, string> write)
    {
        await using var rows = await CopiedRows.OpenAsync(_source, query, default);
        Assert.That(await rows.NextAsync(default), Is.True);
        return write(new Row(rows));
    }

    /// <summary>The first field of a row, as text.</summary>
    private readonly record struct Row(CopiedRows Rows)
    {
        public string Numeric(int? decimals)
        {
            var bytes = new byte[RowText.BytesMax(Rows)];
            var text = new RowText(bytes);
            text.Numeric(Rows.Field(0), decimals);
            return Encoding.UTF8.GetString(bytes, 0, text.Length);
        }

        public string Text()
        {
            var bytes = new byte[RowText.BytesMax(Rows)];
            var text = new RowText(bytes);
            text.Text(Rows.Field(0));
            return Encoding.UTF8.GetString(bytes, 0, text.Length);
        }

        public string Time()
        {
            var bytes = new byte[RowText.BytesMax(Rows)];
            var text = new RowText(bytes);
            text.Time(Rows.Field(0));
            return Encoding.UTF8.GetString(bytes, 0, text.Length);
        }
    }
}
