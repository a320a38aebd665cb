using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using ClusterSim.Machinery;
using Npgsql;

namespace ClusterSim.Postgres;

/// <summary>
/// A real PostgreSQL server, ours alone: reached through a Unix socket (and 127.0.0.1 if asked), with a password, as a user that is not root.
/// It does not outlive this process, however that ends: a watchdog stops it when our end of a pipe closes.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The port in the socket's name; nothing else is on it, each server has its own directory.</summary>
    public const int SocketPort = 5432;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RecoveryPause = TimeSpan.FromMilliseconds(250);
    private const int RecoveriesMax = 20;

    private readonly PostgresOptions _options;
    private readonly PostgresBinaries _binaries;
    private readonly ServerUser _user;
    private readonly string _folder;
    private readonly string _password;
    private readonly bool _durable;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly NpgsqlDataSource _superuser;
    private Process? _watchdog;
    private bool _disposed;

    private PostgresServer(PostgresOptions options, PostgresBinaries binaries, ServerUser user, string folder, string dataDirectory, string password)
    {
        (_options, _binaries, _user, _folder, _password) = (options, binaries, user, folder, password);
        _durable = options.Durable ?? options.DataDirectory is not null;
        (DataDirectory, SocketDirectory) = (dataDirectory, folder + "/s");

        // Kept open: a connection with its password check costs more than most of what is done here.
        _superuser = NpgsqlDataSource.Create(ConnectionString() + ";Maximum Pool Size=8;Connection Idle Lifetime=60");
    }

    /// <summary>The server's version.</summary>
    public Version Version => _binaries.Version;

    /// <summary>Its data directory.</summary>
    public string DataDirectory { get; }

    /// <summary>The directory of its Unix socket <c>.s.PGSQL.5432</c>; Npgsql takes it as Host.</summary>
    public string SocketDirectory { get; }

    /// <summary>The socket itself.</summary>
    public string SocketPath => $"{SocketDirectory}/.s.PGSQL.{SocketPort}";

    /// <summary>What the server said so far.</summary>
    public string Log => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "";

    /// <summary>Whether <see cref="StopAsync"/> or <see cref="KillAsync"/> ended it, and nothing has started it again.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>How long the parts of the first start took.</summary>
    public PostgresStartTimes StartTimes { get; private set; }

    private string LogPath => _folder + "/log";

    /// <summary>
    /// 1. Finds the programs and the user to run them.
    /// 2. Ends servers, and removes folders, that earlier runs left behind.
    /// 3. Copies the initialised template (made once a version), unless kept data is there.
    /// 4. Starts, and returns when connections are accepted.
    /// </summary>
    /// <exception cref="PostgresNotFoundException">No PostgreSQL on this machine.</exception>
    /// <exception cref="PostgresServerException">It did not start; the message holds what it said.</exception>
    public static async Task<PostgresServer> StartAsync(PostgresOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new PostgresOptions();
        var began = Stopwatch.GetTimestamp();
        var user = ServerUser.Choose();
        var binaries = options.Binaries ?? await PostgresBinaries.FindAsync(user, cancellation);
        var found = Stopwatch.GetElapsedTime(began);
        var template = await PostgresTemplate.PrepareAsync(binaries, user, PostgresFolders.Lasting(user), PostgresFolders.All(user)[1], cancellation);
        var initialised = Stopwatch.GetElapsedTime(began);
        foreach (var place in PostgresFolders.All(user))
            await PostgresLeftovers.EndAsync(place, cancellation);

        var home = PostgresFolders.ForServer(user, options.DataDirectory is not null || options.Durable == true);
        var folder = $"{home}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var data = options.DataDirectory ?? folder + "/data";
        PostgresServer? server = null;
        try
        {
            await CopyAsync(user, home, template, folder, data, cancellation);
            var kept = await File.ReadAllTextAsync(data + "/PG_VERSION", cancellation);
            if (kept.Trim() != binaries.Version.Major.ToString(CultureInfo.InvariantCulture))
            {
                throw new PostgresServerException(
                    $"the data in {data} is of PostgreSQL {kept.Trim()}, but {binaries.Directory} is {binaries.Version}: "
                    + $"set {PostgresBinaries.DirectoryVariable} to a PostgreSQL {kept.Trim()}, or remove the data");
            }

            if (options.DataDirectory is not null)
                await PostgresLeftovers.EndServerAsync(data, cancellation);
            var password = await File.ReadAllTextAsync(data + "/harness.password", cancellation);
            server = new PostgresServer(options, binaries, user, folder, data, password);
            var copied = Stopwatch.GetElapsedTime(began);
            await server.LaunchAsync(cancellation);
            server.StartTimes = new PostgresStartTimes(found, initialised - found, copied - initialised, Stopwatch.GetElapsedTime(began) - copied);
            return server;
        }
        catch
        {
            if (server is not null)
                await server.DisposeAsync();
            PostgresLeftovers.Remove(folder);
            throw;
        }
    }

    /// <summary>A connection string for a role; the superuser's where none is named.</summary>
    public string ConnectionString(string database = "postgres", string? user = null, string? password = null) => new NpgsqlConnectionStringBuilder
    {
        Host = SocketDirectory,
        Port = SocketPort,
        Database = database,
        Username = user ?? PostgresTemplate.Superuser,
        Password = user is null ? _password : password,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Creates a role that may log in, or sets the password of the role that exists.</summary>
    public Task CreateRoleAsync(string name, string password, CancellationToken cancellation = default)
    {
        var body = $"""
             BEGIN
                CREATE ROLE {Name(name)} LOGIN PASSWORD {Text(password)};
            EXCEPTION WHEN duplicate_object THEN
                ALTER ROLE {Name(name)} LOGIN PASSWORD {Text(password)};
            END 
            """;
        // A dollar-quoted text ends at its tag: the tag is one that neither name nor password contains.
        var tag = "do";
        while (body.Contains($"${tag}$", StringComparison.Ordinal))
            tag += "_";
        return ExecuteAsync($"DO ${tag}${body}${tag}$", cancellation);
    }

    /// <summary>Makes a database, that of <paramref name="owner"/> alone, as a copy of <paramref name="template"/> (nobody may be connected to that).</summary>
    public async Task CreateDatabaseAsync(string name, string? owner = null, string template = "template1", CancellationToken cancellation = default)
    {
        var owned = owner is null ? "" : $" OWNER {Name(owner)}";

        // Copying files writes everybody's dirty pages out first, which only costs where that waits for the disk; PostgreSQL 14 knows no other way.
        var strategy = _durable || Version.Major < 15 ? "" : " STRATEGY FILE_COPY";
        await ExecuteAsync($"CREATE DATABASE {Name(name)} TEMPLATE {Name(template)}{owned}{strategy}", cancellation);
        await ExecuteAsync($"REVOKE ALL ON DATABASE {Name(name)} FROM PUBLIC", cancellation);
    }

    /// <summary>Drops a database, whoever is connected; nothing happens when there is none.</summary>
    public Task DropDatabaseAsync(string name, CancellationToken cancellation = default) =>
        ExecuteAsync($"DROP DATABASE IF EXISTS {Name(name)} WITH (FORCE)", cancellation);

    /// <summary>Runs a statement as superuser.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellation = default)
    {
        await using var command = _superuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Runs a statement as superuser in a database, over a connection that is closed afterwards.</summary>
    public async Task ExecuteInAsync(string database, string sql, CancellationToken cancellation = default)
    {
        // Not a connection by its string: Npgsql keeps every such string for good.
        await using var source = NpgsqlDataSource.Create(ConnectionString(database) + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Ends the server of a kept data directory that an earlier process has left running, as gently as it allows.</summary>
    public static Task EndLeftOverAsync(string dataDirectory, CancellationToken cancellation = default) => PostgresLeftovers.EndServerAsync(dataDirectory, cancellation);

    /// <summary>Stops: connections are cut, what was committed is on disk (PostgreSQL's "fast").</summary>
    public Task StopAsync(CancellationToken cancellation = default) => EndAsync(PostgresLeftovers.Fast, cancellation);

    /// <summary>Ends at once without writing anything more (PostgreSQL's "immediate"): the next start recovers as after a crash.</summary>
    public Task KillAsync(CancellationToken cancellation = default) => EndAsync(PostgresLeftovers.Immediate, cancellation);

    /// <summary>Starts again after <see cref="StopAsync"/> or <see cref="KillAsync"/>, on the same data and socket.</summary>
    public async Task StartAgainAsync(CancellationToken cancellation = default)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_watchdog is null)
                await LaunchAsync(cancellation);
            IsEnded = false;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// Starts again where the server's process has gone though nobody here ended it (somebody's <c>kill</c>, the machine's memory), and waits
    /// until it has recovered; nothing happens where it runs, or where <see cref="StopAsync"/> or <see cref="KillAsync"/> ended it.
    /// </summary>
    public async Task RecoverAsync(CancellationToken cancellation = default)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (IsEnded || (_watchdog is not null && PostgresLeftovers.IsServed(DataDirectory)))
                return;
            await EndLockedAsync(PostgresLeftovers.Immediate, cancellation);
            for (var tries = 1; ; tries++)
            {
                try
                {
                    await LaunchAsync(cancellation);
                    return;
                }
                catch (PostgresServerException) when (tries < RecoveriesMax)
                {
                    // What a killed server leaves, its sessions among them, holds the shared memory until it has noticed.
                    await Task.Delay(RecoveryPause, TimeProvider.System, cancellation);
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Stops, and removes all but kept data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        await EndAsync(_options.DataDirectory is null ? PostgresLeftovers.Immediate : PostgresLeftovers.Fast, CancellationToken.None);
        _disposed = true;
        await _superuser.DisposeAsync();
        PostgresLeftovers.Remove(_folder);
        _one.Dispose();
    }

    /// <summary>Quotes an identifier.</summary>
    private static string Name(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>Quotes a text.</summary>
    private static string Text(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    private static async Task CopyAsync(ServerUser user, string home, string template, string folder, string data, CancellationToken cancellation)
    {
        // $1 template, $2 folder, $3 data, $4 our process, $5 home of folders. A copy appears whole or not at all.
        const string copy =
            """
            set -eu
            umask 077
            secure "$5"
            mkdir "$2" "$2/s"
            echo "$4" > "$2/owner"
            [ -f "$3/PG_VERSION" ] && exit 0
            mkdir -p "$(dirname "$3")"
            cp -R "$1/data" "$3.$$"
            cp "$1/password" "$3.$$/harness.password"
            mv "$3.$$" "$3"
            """;
        var copied = await user.RunAsync(["sh", "-c", PostgresFolders.Secure + copy, "sh", template, folder, data, ProcessIdentity.Current().ToLine().Trim(), home], cancellation);
        if (copied.ExitCode != 0)
            throw new PostgresServerException($"{data} cannot be made as {user}: {copied.Error.Trim()}");
    }

    private async Task LaunchAsync(CancellationToken cancellation)
    {
        // $1 pg_ctl, $2 data, $3 log, $4 options, $5 how to stop. pg_ctl gives the server a session of its own, so Ctrl-C in our terminal does
        // not reach it; the loop ends when our end of the pipe closes, which the kernel sees to even if we are killed.
        const string watch =
            """
            trap '' INT HUP TERM
            "$1" -D "$2" -l "$3" -o "$4" -W -s start </dev/null || exit 1
            echo launched
            while read -r _; do :; done
            "$1" -D "$2" -m "$5" -W -s stop >/dev/null 2>&1
            """;
        var mode = _options.DataDirectory is null ? "immediate" : "fast";
        var settings = string.Join(' ', Settings().Select(setting => $"-c {setting.Key}='{setting.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var pgCtl = Path.Combine(_binaries.Directory, "pg_ctl");
        var said = Log.Length;
        _watchdog = Process.Start(_user.Command(["sh", "-c", watch, "sh", pgCtl, DataDirectory, LogPath, settings, mode]))!;
        try
        {
            if (await _watchdog.StandardOutput.ReadLineAsync(cancellation) != "launched")
                throw new PostgresServerException($"pg_ctl start failed as {_user}: {(await _watchdog.StandardError.ReadToEndAsync(cancellation)).Trim()} {Log[said..].Trim()}");
            var began = Stopwatch.GetTimestamp();
            while (!PostgresLeftovers.IsServed(DataDirectory) || !PostgresLeftovers.IsReady(DataDirectory))
            {
                if (Log[said..].Contains("FATAL:", StringComparison.Ordinal) && !PostgresLeftovers.IsServed(DataDirectory))
                    throw new PostgresServerException($"PostgreSQL {Version} did not start on {DataDirectory}: {Log[said..].Trim()}");
                if (Stopwatch.GetElapsedTime(began) > _options.StartTimeout)
                    throw new PostgresServerException($"PostgreSQL {Version} was not ready within {_options.StartTimeout.TotalSeconds} s: {Log[said..].Trim()}");
                await Task.Delay(Poll, TimeProvider.System, cancellation);
            }
        }
        catch
        {
            await EndLockedAsync(PostgresLeftovers.Immediate, CancellationToken.None);
            throw;
        }
    }

    private async Task EndAsync(int signal, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            IsEnded = true;
            await EndLockedAsync(signal, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task EndLockedAsync(int signal, CancellationToken cancellation)
    {
        if (_watchdog is not { } watchdog)
            return;
        await PostgresLeftovers.EndServerAsync(DataDirectory, signal, StopTimeout, cancellation);
        _superuser.Clear();
        _watchdog = null;
        watchdog.StandardInput.Close();
        await watchdog.WaitForExitAsync(cancellation);
        watchdog.Dispose();
    }

    private Dictionary<string, string> Settings()
    {
        var durable = _durable ? "on" : "off";
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["listen_addresses"] = _options.TcpPort is null ? "" : "127.0.0.1",
            ["port"] = (_options.TcpPort ?? SocketPort).ToString(CultureInfo.InvariantCulture),
            ["unix_socket_directories"] = SocketDirectory,
            ["unix_socket_permissions"] = "0700",
            ["max_connections"] = _options.ConnectionsMax.ToString(CultureInfo.InvariantCulture),
            ["fsync"] = durable,
            ["synchronous_commit"] = durable,
            ["full_page_writes"] = durable,
            ["wal_level"] = "minimal",
            ["max_wal_senders"] = "0",
            ["max_wal_size"] = _durable ? "1GB" : "256MB",
            ["shared_buffers"] = "64MB",
            ["jit"] = "off",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
        };
        foreach (var (name, value) in _options.Settings)
            settings[name] = value;
        return settings;
    }
}

/// <summary>What the parts of a start took.</summary>
/// <param name="Find">Finding the programs.</param>
/// <param name="Initialise">Making the template, or seeing that it is there.</param>
/// <param name="Copy">Copying it.</param>
/// <param name="Start">From the launch until connections are accepted.</param>
public readonly record struct PostgresStartTimes(TimeSpan Find, TimeSpan Initialise, TimeSpan Copy, TimeSpan Start);
