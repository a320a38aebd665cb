using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using ClusterSim.Nodes.Images;
using Microsoft.AspNetCore.Connections;
using Processes;

namespace ClusterSim.Postgres;

/// <summary>
/// The official <c>postgres</c> image on a real server. A pod of it owns one database of <paramref name="server"/>, named in its data
/// directory (PGDATA): whoever mounts the same volume finds the same data, whoever mounts an empty one starts with nothing. What differs
/// from the official image: POSTGRES_USER owns its database but is no superuser, and there is no shell.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="leads">Leads sessions elsewhere; null: each to its pod's own database.</param>
public sealed class PostgresImage(PostgresServer server, PostgresSwitch? leads = null) : Image
{
    private const int Port = 5432;
    private const string Marker = "harness-database";

    /// <inheritdoc/>
    public override ImageConfiguration Configuration { get; } = new()
    {
        // docker-library/postgres: USER is not set; the alpine image's postgres user is 70.
        Entrypoint = ["docker-entrypoint.sh"],
        Command = ["postgres"],
        Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PGDATA"] = "/var/lib/postgresql/data" },
        ExposedPorts = [Port],
        StopSignal = "SIGINT",
    };

    /// <inheritdoc/>
    public override string Digest { get; } =
        "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"postgres {server.Version}")));

    /// <inheritdoc/>
    public override bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program)
    {
        program = Path.GetFileName(name) switch
        {
            "docker-entrypoint.sh" or "postgres" => ServeAsync,
            "pg_isready" => IsReadyAsync,
            _ => null,
        };
        return program is not null;
    }

    private async Task<int> ServeAsync(ServiceProcess process)
    {
        var environment = process.Environment;
        if (!environment.TryGetValue("POSTGRES_PASSWORD", out var password) || password.Length == 0)
        {
            await WriteLineAsync(process.Error, "Error: Database is uninitialized and superuser password is not specified.");
            await WriteLineAsync(process.Error, "       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.");
            return 1;
        }
        var user = environment.GetValueOrDefault("POSTGRES_USER", "postgres");
        var database = environment.GetValueOrDefault("POSTGRES_DB", user);
        if (process.Network.Listener is not { } network)
            throw new NotSupportedException("the simulated postgres image runs in a pod, whose network listens for it; on a machine run PostgreSQL itself");

        await server.RecoverAsync(process.Stop);
        var own = await InitializeAsync(process, user, password, database);
        leads?.Know(database, new PodDatabase(own.NameOf(database), own.RoleOf(user)));
        await using var listener = await network.BindAsync(new IPEndPoint(IPAddress.Any, Port), process.Stop);
        await WriteLineAsync(process.Error, $"LOG:  starting PostgreSQL {server.Version}, data in {own.Id} of the server at {server.DataDirectory}");
        await WriteLineAsync(process.Error, "LOG:  database system is ready to accept connections");

        using var gone = new CancellationTokenSource();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(process.Stop, process.Killed, gone.Token);
        var sessions = new HashSet<Task>();
        try
        {
            while (await listener.AcceptAsync(ended.Token) is { } connection)
            {
                sessions.RemoveWhere(session => session.IsCompleted);
                sessions.Add(RelayAsync(connection, own, process.Error, gone, ended.Token));
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // SIGINT is PostgreSQL's fast shutdown: sessions are ended, nothing is waited for.
        }
        await Task.WhenAll(sessions);
        if (gone.IsCancellationRequested)
        {
            await WriteLineAsync(process.Error, $"FATAL:  the server at {server.DataDirectory} is gone; the container ends as its process has");
            return 1;
        }
        await WriteLineAsync(process.Error, "LOG:  database system is shut down");
        return 0;
    }

    /// <summary>What initdb and the entry point's first run do: the role and the database, once a data directory.</summary>
    private async Task<OwnDatabase> InitializeAsync(ServiceProcess process, string user, string password, string database)
    {
        var data = process.Environment.GetValueOrDefault("PGDATA", "/var/lib/postgresql/data");
        Directory.CreateDirectory(process.Files.Resolve(data));
        var marker = process.Files.Resolve($"{data.TrimEnd('/')}/{Marker}");
        if (File.Exists(marker))
        {
            await WriteLineAsync(process.Error, "PostgreSQL Database directory appears to contain a database; Skipping initialization");
            var kept = (await File.ReadAllTextAsync(marker, process.Stop)).Split('\n');
            return new OwnDatabase(kept[0], kept[1], kept[2]);
        }
        var own = new OwnDatabase("h" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)), user, database);
        // The real server is the simulator's, not the pod's: reaching it is no traffic of the cluster.
        await RunOutsideOfPodAsync(async () =>
        {
            await server.CreateRoleAsync(own.RoleOf(user), password, process.Stop);
            await server.CreateDatabaseAsync(own.NameOf(database), own.RoleOf(user), cancellation: process.Stop);
        });
        // Written last: a start that was cut off begins anew.
        await File.WriteAllTextAsync(marker, $"{own.Id}\n{user}\n{database}\n", process.Stop);
        await WriteLineAsync(process.Error, "PostgreSQL init process complete; ready for start up.");
        return own;
    }

    private async Task RelayAsync(ConnectionContext connection, OwnDatabase own, Stream log, CancellationTokenSource gone, CancellationToken end)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end, leads?.Sessions ?? CancellationToken.None);
        var stop = either.Token;
        await using (connection)
        {
            var client = new DuplexStream(connection.Transport.Input.AsStream(), connection.Transport.Output.AsStream());
            try
            {
                // Before anything is answered, so that a probe learns it, too: a connection nobody can serve is not accepted.
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                if (!await ReachesServerAsync(socket, stop))
                {
                    connection.Abort();
                    if (!server.IsEnded)
                        await gone.CancelAsync();
                    return;
                }
                var startup = await PostgresStartup.ReadAsync(client, stop);
                while (startup is { AsksForEncryption: true })
                {
                    await client.WriteAsync("N"u8.ToArray(), stop);
                    await client.FlushAsync(stop);
                    startup = await PostgresStartup.ReadAsync(client, stop);
                }
                if (startup is null)
                    return;
                if (!startup.IsCancel && startup.Database != own.Database)
                {
                    await client.WriteAsync(PostgresStartup.Fatal("3D000", $"database \"{startup.Database}\" does not exist"), stop);
                    await client.FlushAsync(stop);
                    return;
                }
                await using var backend = new NetworkStream(socket, ownsSocket: false);
                await backend.WriteAsync(startup.IsCancel ? startup.Message : startup.For(own.RoleOf(startup.User), leads?.Lead(startup.Database) ?? own.NameOf(startup.Database)), stop);
                await RelayAsync(client, backend, socket, stop);
            }
            catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException or InvalidDataException or ConnectionAbortedException)
            {
                // The client, the pod or the server went in the middle: PostgreSQL rolls back what was open, as after any lost connection.
                if (ended is SocketException or InvalidDataException)
                    await WriteLineAsync(log, $"LOG:  connection ended: {ended.Message}");
                connection.Abort();
            }
        }
    }

    private async Task<bool> ReachesServerAsync(Socket socket, CancellationToken stop)
    {
        try
        {
            await RunOutsideOfPodAsync(() => socket.ConnectAsync(new UnixDomainSocketEndPoint(server.SocketPath), stop).AsTask());
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task RelayAsync(Stream client, Stream backend, Socket socket, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var up = client.CopyToAsync(backend, either.Token);
        var down = backend.CopyToAsync(client, either.Token);
        var first = await Task.WhenAny(up, down);
        // A client that has said all closes its half: the server answers the rest, then closes. A server that is gone ends both.
        if (first == up && up.IsCompletedSuccessfully)
            socket.Shutdown(SocketShutdown.Send);
        else
            await either.CancelAsync();
        await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary><c>pg_isready</c>: exit code 0 where the server answers, 2 where nobody does.</summary>
    private static async Task<int> IsReadyAsync(ServiceProcess process)
    {
        var (host, port) = ("localhost", Port);
        for (var i = 0; i + 1 < process.Arguments.Count; i++)
        {
            if (process.Arguments[i] is "-h" or "--host")
                host = process.Arguments[i + 1];
            else if (process.Arguments[i] is "-p" or "--port" && int.TryParse(process.Arguments[i + 1], out var given))
                port = given;
        }
        try
        {
            await using var stream = await process.Network.DialAsync(host, port, process.Stop);
            // An SSLRequest is the least that a server answers, and it leaves no trace in its log.
            await stream.WriteAsync(new byte[] { 0, 0, 0, 8, 4, 210, 22, 47 }, process.Stop);
            var answer = new byte[1];
            if (await stream.ReadAsync(answer, process.Stop) == 1)
            {
                await WriteLineAsync(process.Output, $"{host}:{port} - accepting connections");
                return 0;
            }
        }
        catch (Exception unreachable) when (unreachable is SocketException or IOException or OperationCanceledException)
        {
            // Told by the exit code.
        }
        await WriteLineAsync(process.Output, $"{host}:{port} - no response");
        return 2;
    }

    private static async Task WriteLineAsync(Stream stream, string line) => await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>One pod's part of the server: PostgreSQL's names are cluster-wide, so each is prefixed by the data directory's id.</summary>
    private sealed record OwnDatabase(string Id, string User, string Database)
    {
        public string RoleOf(string user) => $"{Id}_{user}";

        public string NameOf(string database) => $"{Id}_{database}";
    }

    private sealed class DuplexStream(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => input.ReadAsync(buffer, offset, count, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => await output.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => output.WriteAsync(buffer, offset, count, cancellationToken);
    }
}
