using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Postgres;
using Npgsql;
using PaymentProvider;
using Processes;
using Tests.Unit.Postgres;

namespace ServiceDefaults.Tests;

[TestFixture]
[NonParallelizable] // It changes the environment of the process.
public sealed class ServiceHostTests
{
    private PostgresDatabase _database = null!;

    [OneTimeSetUp]
    public async Task Start() => _database = await TestPostgres.LocalDatabaseAsync("host"); // reached by its socket too

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test]
    public async Task Two_services_in_one_process_keep_apart()
    {
        await using var elsewhere = await TestPostgres.DatabaseAsync("host_other");
        await using var one = RunningService.Start(_database.ConnectionString, ("PORT", "18082"), ("LOG_LEVEL", "Debug"));
        await using var two = RunningService.Start(elsewhere.ConnectionString);
        await Eventually.ThatAsync(one.IsReadyAsync, "one is ready");
        await Eventually.ThatAsync(two.IsReadyAsync, "two is ready");

        using var paid = await one.Client.PostAsJsonAsync("/payments/pay", new { id = "only in one", value = 1, currency = "EUR" });

        Assert.That(paid.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await one.StatusIsAsync("/payments/only in one", HttpStatusCode.OK), Is.True);
        Assert.That(await two.StatusIsAsync("/payments/only in one", HttpStatusCode.NotFound), Is.True);
        Assert.That((((IPEndPoint)one.Listener.EndPoint).Port, ((IPEndPoint)two.Listener.EndPoint).Port), Is.EqualTo((18082, 8082)));
        await Eventually.ThatAsync(() => one.Output.Text.Contains("\"level\":\"debug\"", StringComparison.Ordinal), "one logs in detail");
        Assert.That(two.Output.Text, Does.Not.Contain("\"level\":\"debug\""));
    }

    [Test]
    public async Task The_host_gives_way_to_the_process_s_own_socket_directory()
    {
        await using var service = RunningService.Start(
            $"Host=postgres.payments.svc;Database={_database.Name};Username={_database.Name}", _database.Server.SocketDirectory, ("DATABASE_PASSWORD", _database.Name));

        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
    }

    [Test]
    public async Task The_machine_s_environment_does_not_reach_it()
    {
        (string Name, string Value)[] machine = [("PGPASSWORD", _database.Name), ("PGOPTIONS", "-c search_path=nowhere"), ("ASPNETCORE_URLS", "http://*:1"), ("PORT", "x")];
        foreach (var (name, value) in machine)
            Environment.SetEnvironmentVariable(name, value);
        try
        {
            await using var trusting = RunningService.Start($"Host={_database.Server.SocketDirectory};Database={_database.Name};Username={_database.Name}");
            await using var knowing = RunningService.Start(_database.ConnectionString);

            await Eventually.ThatAsync(knowing.IsReadyAsync, "it is ready");
            await Eventually.ThatAsync(() => trusting.Output.Text.Contains("No password has been provided", StringComparison.Ordinal), "it has no password");
            Assert.That(((IPEndPoint)knowing.Listener.EndPoint).Port, Is.EqualTo(8082));
        }
        finally
        {
            foreach (var (name, _) in machine)
                Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Test]
    public async Task Each_line_of_output_is_a_json_object()
    {
        await using var service = RunningService.Start(_database.ConnectionString, ("LOG_LEVEL", "Trace"));
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        using var paid = await service.Client.PostAsJsonAsync("/payments/pay", new { id = "logged", value = 31337, currency = "EUR" });
        await service.StopAsync();

        var records = service.Output.Lines.Select(line => JsonNode.Parse(line)!.AsObject()).ToArray();

        Assert.That(records, Is.Not.Empty);
        Assert.That(records, Has.All.Matches<JsonObject>(record => record.ContainsKey("time") && record.ContainsKey("level") && record.ContainsKey("message")));
    }

    [Test]
    public async Task Logs_hold_no_payload_and_no_password()
    {
        await using var service = RunningService.Start(_database.ConnectionString, ("DATABASE_PASSWORD", _database.Name));
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        using var paid = await service.Client.PostAsJsonAsync("/payments/pay", new { id = "secret-id", value = 31337, currency = "EUR" });
        using var refused = await service.Client.PostAsJsonAsync("/payments/pay", new { id = "secret-id", value = 31338, currency = "EUR" });
        await service.StopAsync();

        Assert.That(service.Output.Text, Does.Not.Contain("secret-id").And.Not.Contain("31337").And.Not.Contain("Password"));
    }

    [Test]
    public async Task A_stop_ends_it_with_zero()
    {
        await using var service = RunningService.Start(_database.ConnectionString);
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");

        Assert.That(await service.StopAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.Zero);
    }

    [Test]
    public async Task A_kill_ends_it_without_draining()
    {
        await using var service = RunningService.Start(_database.ConnectionString);
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        var half = await service.Listener.ConnectAsync(CancellationToken.None);
        await half.WriteAsync("POST /payments/pay HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());

        Assert.That(await service.KillAsync().WaitAsync(TimeSpan.FromSeconds(5)), Is.EqualTo(137));
    }

    [Test]
    public async Task A_request_under_way_is_finished_before_it_stops()
    {
        await using var service = RunningService.Start(_database.ConnectionString);
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        await using var connection = await service.Listener.ConnectAsync(CancellationToken.None);
        var body = """{"id":"drained","value":1,"currency":"EUR"}"""u8.ToArray();
        await connection.WriteAsync(Encoding.ASCII.GetBytes($"POST /payments/pay HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\n\r\n"));
        using var reader = new StreamReader(connection);
        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("HTTP/1.1 100 Continue"), "it has begun to read the body");
        Assert.That(await reader.ReadLineAsync(), Is.Empty);

        var ended = service.StopAsync();
        await connection.WriteAsync(body);

        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("HTTP/1.1 200 OK"));
        Assert.That(await ended.WaitAsync(TimeSpan.FromSeconds(10)), Is.Zero);
    }

    [TestCase("Content-Length: 16385\r\n\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4001\r\n")]
    public async Task A_body_that_is_too_large_is_refused_with_its_text_before_it_was_sent(string rest)
    {
        await using var service = RunningService.Start(_database.ConnectionString);
        await using var connection = await service.Listener.ConnectAsync(CancellationToken.None);
        await connection.WriteAsync(Encoding.ASCII.GetBytes($"POST /payments/pay HTTP/1.1\r\nHost: x\r\n{rest}{new string(' ', 16384)}"));
        using var reader = new StreamReader(connection);

        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("HTTP/1.1 413 Payload Too Large"));
        string? line;
        do
            line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(5));
        while (line is { Length: > 0 });
        var body = new char[100];
        var length = await reader.ReadAsync(body);
        Assert.That(new string(body, 0, length), Is.EqualTo("""{"error":"request body is larger than 16384 bytes"}"""));
    }

    [Test]
    public async Task A_list_that_nobody_reads_on_waits_in_the_database_and_not_in_memory()
    {
        await using var database = await TestPostgres.DatabaseAsync("many");
        await using var service = RunningService.Start(database.ConnectionString);
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        await using var auditor = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await auditor.OpenAsync();
        await ScalarAsync(auditor, "INSERT INTO payments (id, value, currency) SELECT 'id-' || lpad(n::text, 90, '0'), n, 'EUR' FROM generate_series(1, 200000) AS n");

        var answer = await service.Client.GetAsync("/payments", HttpCompletionOption.ResponseHeadersRead);

        await Eventually.ThatAsync(
            async () => await ScalarAsync(auditor, "SELECT wait_event FROM pg_stat_activity WHERE query LIKE '%FROM payments WHERE id >%' AND pid <> pg_backend_pid()") is "ClientWrite",
            "the database waits for the reader");
        Assert.That(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsArray(), Has.Count.EqualTo(200_000));
    }

    [Test]
    public async Task A_port_in_use_ends_it_with_one_and_is_named()
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Any, 0);
        taken.Start();
        var error = new RunningService.Collected();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var exit = await PaymentProviderService.RunAsync(new ServiceProcess
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DATABASE"] = _database.ConnectionString, ["PORT"] = $"{port}" },
            Output = Stream.Null,
            Error = error,
            Network = MachineProcess.MachineNetwork.Instance,
        }).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.That(exit, Is.EqualTo(1));
        Assert.That(error.Lines, Has.One.StartsWith($"payment-provider: cannot listen on port {port}: "));
    }

    [Test]
    public async Task Every_wrong_setting_is_named_with_what_would_be_right()
    {
        await using var service = RunningService.Start("", ("PORT", "eighty"), ("LEDGER_WRITERS", "0"), ("SHUTDOWN_TIMEOUT_SECONDS", "soon\n"), ("LOG_LEVEL", "loud"));

        Assert.That(await service.Ended.WaitAsync(TimeSpan.FromSeconds(5)), Is.EqualTo(1));
        Assert.That(service.Error.Lines, Is.EquivalentTo(new[]
        {
            "payment-provider: setting PORT: found 'eighty', should be a whole number from 0 to 65535 (default 8082)",
            "payment-provider: setting LOG_LEVEL: found 'loud', should be one of Trace, Debug, Information, Warning, Error, Critical, None (default Information)",
            @"payment-provider: setting SHUTDOWN_TIMEOUT_SECONDS: found 'soon\x0a', should be seconds from 0 to 3600 (default 25)",
            "payment-provider: setting LEDGER_WRITERS: found '0', should be a whole number from 1 to 64 (default 2)",
            "payment-provider: setting DATABASE: missing, should be a connection string such as 'Host=postgres;Port=5432;Database=payments;Username=payments'",
        }));
    }

    [TestCase("Host=a;Database=b", "found one without Username")]
    [TestCase("Database=b;Username=c;Password=hush", "found one without Host")]
    [TestCase("Host=a;Username=c;Password=hush", "found one without Database")]
    [TestCase("postgres://a:hush@b/c", "found one that does not parse")]
    [TestCase("Host=a,b;Database=b;Username=c", "found one with several hosts")]
    public async Task A_wrong_connection_string_is_named_but_never_shown(string database, string fault)
    {
        await using var service = RunningService.Start(database);

        Assert.That(await service.Ended.WaitAsync(TimeSpan.FromSeconds(5)), Is.EqualTo(1));
        Assert.That(service.Error.Text, Does.Contain($"setting DATABASE: {fault}").And.Not.Contain("hush"));
    }

    [TestCase("/nowhere", HttpStatusCode.NotFound)]
    [TestCase("/payments/pay/nothing/else", HttpStatusCode.NotFound)]
    public async Task Errors_are_problems(string path, HttpStatusCode status)
    {
        await using var service = RunningService.Start(_database.ConnectionString);
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");

        using var answer = await service.Client.GetAsync(path);

        Assert.That(answer.StatusCode, Is.EqualTo(status));
        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
    }

    [Test]
    public async Task The_trace_of_the_caller_goes_on()
    {
        await using var service = RunningService.Start(_database.ConnectionString);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nowhere");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var answer = await service.Client.SendAsync(request);

        Assert.That((string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["traceId"], Is.EqualTo("0af7651916cd43dd8448eb211c80319c"));
    }

    [Test]
    public async Task Twenty_hosts_start_in_one_process_one_after_the_other()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var service = RunningService.Start(_database.ConnectionString);
            Assert.That(await service.StatusIsAsync("/liveness", HttpStatusCode.OK), Is.True);
            await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
