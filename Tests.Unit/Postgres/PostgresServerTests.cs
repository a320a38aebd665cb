using System.Diagnostics;
using ClusterSim.Postgres;
using Npgsql;

namespace Tests.Unit.Postgres;

[TestFixture]
public sealed class PostgresServerTests
{
    private PostgresServer _server = null!;

    [OneTimeSetUp]
    public async Task Start() => _server = await TestPostgres.PrivateServerAsync();

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Test]
    public void Its_socket_fits_the_hundred_bytes_that_every_platform_has() => Assert.That(_server.SocketPath, Has.Length.LessThan(100));

    [Test]
    public void It_listens_on_the_socket_only() =>
        Assert.That(async () => await ScalarAsync(_server.ConnectionString(), "SHOW listen_addresses"), Is.EqualTo(""));

    [Test]
    public async Task A_role_sees_its_own_database_and_no_other()
    {
        await _server.CreateRoleAsync("one", "first'password");
        await _server.CreateRoleAsync("two", "second");
        await _server.CreateDatabaseAsync("one", "one");
        await _server.CreateDatabaseAsync("two", "two");

        Assert.That(await ScalarAsync(_server.ConnectionString("one", "one", "first'password"), "SELECT current_user::text"), Is.EqualTo("one"));
        Assert.That(
            async () => await ScalarAsync(_server.ConnectionString("one", "two", "second"), "SELECT 1"),
            Throws.TypeOf<PostgresException>().With.Property("SqlState").EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    [Test]
    public async Task A_wrong_password_is_refused()
    {
        await _server.CreateRoleAsync("guarded", "right");

        Assert.That(
            async () => await ScalarAsync(_server.ConnectionString("postgres", "guarded", "wrong"), "SELECT 1"),
            Throws.TypeOf<PostgresException>().With.Property("SqlState").EqualTo(PostgresErrorCodes.InvalidPassword));
    }

    [TestCase("$do$; SELECT 1; $do$")]
    [TestCase("$do_$ and $do$")]
    [TestCase("it's \\ \"quoted\"")]
    public async Task A_password_is_quoted_whatever_it_contains(string password)
    {
        var role = $"role '{password.Length}' \"quoted\"";

        await _server.CreateRoleAsync(role, "another");
        await _server.CreateRoleAsync(role, password);

        await using var source = NpgsqlDataSource.Create(_server.ConnectionString("postgres", role, password));
        await using var command = source.CreateCommand("SELECT current_user::text");
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(role));
    }

    [Test]
    public async Task A_database_cloned_from_a_template_has_its_rows()
    {
        await _server.CreateDatabaseAsync("original");
        await ExecuteAsync("original", "CREATE TABLE t AS SELECT generate_series(1, 10) AS n");

        await _server.CreateDatabaseAsync("clone", template: "original");

        Assert.That(await ScalarAsync(_server.ConnectionString("clone"), "SELECT count(*) FROM t"), Is.EqualTo(10L));
    }

    [Test]
    public async Task Stopped_it_refuses_and_started_again_it_has_its_data()
    {
        await using var server = await PostgresServer.StartAsync();
        await server.CreateDatabaseAsync("kept");
        await server.StopAsync();

        Assert.That(async () => await server.ExecuteAsync("SELECT 1"), Throws.InstanceOf<NpgsqlException>());
        await server.StartAgainAsync();
        Assert.That(await ScalarAsync(server.ConnectionString("kept"), "SELECT 1"), Is.EqualTo(1));
    }

    [Test]
    public async Task Killed_it_recovers_what_was_committed()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresOptions { Durable = true });
        await server.ExecuteAsync("CREATE TABLE t AS SELECT 42 AS answer");
        await server.KillAsync();

        await server.StartAgainAsync();

        Assert.That(await ScalarAsync(server.ConnectionString(), "SELECT answer FROM t"), Is.EqualTo(42));
        Assert.That(server.Log, Does.Contain("was not properly shut down"));
    }

    [Test]
    public async Task Kept_data_outlives_the_server()
    {
        var data = await ServerUser.Choose().DirectoryFor(Path.Combine(TestContext.CurrentContext.WorkDirectory, $"postgres-{Environment.ProcessId}"));
        try
        {
            await using (var first = await PostgresServer.StartAsync(new PostgresOptions { DataDirectory = data }))
                await first.ExecuteAsync("CREATE TABLE t AS SELECT 'kept'::text AS word");

            await using var second = await PostgresServer.StartAsync(new PostgresOptions { DataDirectory = data });

            Assert.That(await ScalarAsync(second.ConnectionString(), "SELECT word FROM t"), Is.EqualTo("kept"));
            Assert.That(await ScalarAsync(second.ConnectionString(), "SHOW fsync"), Is.EqualTo("on"));
        }
        finally
        {
            if (Directory.Exists(data))
                Directory.Delete(data, recursive: true);
        }
    }

    [Test]
    public async Task Data_that_goes_with_the_server_is_in_memory_where_there_is_room()
    {
        await using var server = await PostgresServer.StartAsync();

        Assert.That(server.DataDirectory.StartsWith(PostgresFolders.Memory, StringComparison.Ordinal), Is.EqualTo(PostgresFolders.HasRoomInMemory));
    }

    [Test]
    public async Task Data_that_has_to_survive_a_power_cut_is_on_disk()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresOptions { Durable = true });

        Assert.That(server.DataDirectory, Does.Not.StartWith(PostgresFolders.Memory));
    }

    [TestCase(PostgresFolders.RoomNeeded, PostgresFolders.RoomNeeded, "tmpfs", true)]
    [TestCase(PostgresFolders.RoomNeeded - 1, PostgresFolders.RoomNeeded, "tmpfs", false)]
    [TestCase(PostgresFolders.RoomNeeded, PostgresFolders.RoomNeeded - 1, "tmpfs", false)]
    [TestCase(PostgresFolders.RoomNeeded, PostgresFolders.RoomNeeded, "ext4", false)]
    public void Room_in_memory_is_a_file_system_of_memory_with_enough_of_both_left(long left, long memory, string format, bool room) =>
        Assert.That(PostgresFolders.IsRoomInMemory(format, left, memory), Is.EqualTo(room));

    [TestCase("here/new", 0)]
    [TestCase("here/link", 1)]
    public async Task A_place_is_made_for_its_user_alone_and_one_that_leads_elsewhere_is_refused(string place, int expected)
    {
        const string prepare = "d=$(mktemp -d); trap 'rm -rf \"$d\"' EXIT; cd \"$d\"; mkdir here real; ln -s ../real here/link; (secure \"$1\"); code=$?; stat -c %a \"$1/.\"; exit $code";

        var (code, output, error) = await ServerUser.Choose().RunAsync(["sh", "-c", PostgresFolders.Secure + prepare, "sh", place], CancellationToken.None);

        Assert.That(code, Is.EqualTo(expected), error);
        Assert.That(expected == 0 ? output : error, Does.StartWith(expected == 0 ? "700" : "here/link is not a directory of"));
    }

    [TestCase("link", "other")]
    [TestCase("root", "link")]
    public async Task A_template_in_a_place_that_leads_elsewhere_is_not_used(string root, string other)
    {
        var user = ServerUser.Choose();
        var (_, made, _) = await user.RunAsync(["sh", "-c", "d=$(mktemp -d); mkdir \"$d/root\"; ln -s root \"$d/link\"; echo \"$d\""], CancellationToken.None);
        var folder = made.Trim();
        try
        {
            Assert.That(
                async () => await PostgresTemplate.PrepareAsync(await PostgresBinaries.FindAsync(user), user, $"{folder}/{root}", $"{folder}/{other}", CancellationToken.None),
                Throws.TypeOf<PostgresServerException>().With.Message.Contains("/link is not a directory of"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase("a\"b'c;d $do$ e")]
    [TestCase("$do$; DROP TABLE x; --")]
    [TestCase("'; ALTER ROLE harness PASSWORD 'x'; --")]
    [TestCase("\"; DROP DATABASE template1; --")]
    [TestCase("back\\slash' %I")]
    public async Task Names_and_passwords_are_quoted(string text)
    {
        await _server.CreateRoleAsync(text, text);
        await _server.CreateRoleAsync(text, text + "2");
        await _server.CreateDatabaseAsync(text, text);

        Assert.That(await ScalarAsync(_server.ConnectionString(text, text, text + "2"), "SELECT current_database() || current_user"), Is.EqualTo(text + text));
        await _server.DropDatabaseAsync(text);
        Assert.That(await ScalarAsync(_server.ConnectionString(), "SELECT count(*) FROM pg_database WHERE datname = 'template1'"), Is.EqualTo(1));
    }

    [Test]
    public async Task Disposed_it_leaves_no_process_and_no_folder()
    {
        var server = await PostgresServer.StartAsync();
        var id = PostgresLeftovers.ServerId(server.DataDirectory)!.Value;

        await server.DisposeAsync();

        Assert.That(Directory.Exists(server.DataDirectory), Is.False);
        Assert.That(IsRunning(id), Is.False);
    }

    [Test]
    public async Task A_server_whose_owner_is_gone_is_ended_by_the_next_start()
    {
        await using var server = await PostgresServer.StartAsync();
        var id = PostgresLeftovers.ServerId(server.DataDirectory)!.Value;
        using var gone = Process.Start(new ProcessStartInfo("true"))!;
        await gone.WaitForExitAsync();
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(server.DataDirectory)!, "owner"), $"{gone.Id} 1\n");

        await using var next = await PostgresServer.StartAsync();

        Assert.That(Directory.Exists(server.DataDirectory), Is.False);
        Assert.That(IsRunning(id), Is.False);
    }

    [Test]
    public async Task A_server_whose_owner_lives_is_left_alone()
    {
        await using var server = await PostgresServer.StartAsync();

        await using var next = await PostgresServer.StartAsync();

        Assert.That(await ScalarAsync(server.ConnectionString(), "SELECT 1"), Is.EqualTo(1));
    }

    [Test]
    public void Data_of_another_version_is_refused_with_a_cure()
    {
        Assert.That(
            async () =>
            {
                var data = await ServerUser.Choose().DirectoryFor(Path.Combine(TestContext.CurrentContext.WorkDirectory, $"old-{Environment.ProcessId}"));
                await ServerUser.Choose().RunAsync(["sh", "-c", "mkdir -p \"$1\" && echo 9.6 > \"$1/PG_VERSION\"", "sh", data], CancellationToken.None);
                try
                {
                    await using var server = await PostgresServer.StartAsync(new PostgresOptions { DataDirectory = data });
                }
                finally
                {
                    Directory.Delete(data, recursive: true);
                }
            },
            Throws.TypeOf<PostgresServerException>().With.Message.Contains("is of PostgreSQL 9.6").And.Message.Contains(PostgresBinaries.DirectoryVariable));
    }

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.ProcessName.StartsWith("postgres", StringComparison.Ordinal) && (!OperatingSystem.IsLinux() || File.ReadAllText($"/proc/{id}/cmdline").Length > 0);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(_server.ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
