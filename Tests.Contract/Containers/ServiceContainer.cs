using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Tests.Contract.Provider;

namespace Tests.Contract.Containers;

/// <summary>
/// A service as its image runs it on a Docker engine, with no more rights than the manifests give it: a root file system that is only read,
/// no capability, and the image's own user. On the machine's own network, so that it reaches what the tests have there; on Linux alone.
/// </summary>
internal sealed class ServiceContainer : IStartedService
{
    private static readonly TimeSpan ListensWithin = TimeSpan.FromSeconds(60);
    private readonly string _id;
    private readonly IReadOnlyList<IAsyncDisposable> _owned;

    private ServiceContainer(string id, int port, IReadOnlyList<IAsyncDisposable> owned) =>
        (_id, Url, _owned) = (id, new UriBuilder(Uri.UriSchemeHttp, "127.0.0.1", port).Uri, owned);

    /// <inheritdoc/>
    public Uri Url { get; }

    /// <summary>The image that a setting names; null where it names none.</summary>
    public static string? Image(string setting)
    {
#pragma warning disable RS0030 // The test process's own environment: nothing here runs in a pod.
        return Environment.GetEnvironmentVariable(setting) is { Length: > 0 } named ? named : null;
#pragma warning restore RS0030
    }

    /// <summary>Starts it, and waits until it takes connections.</summary>
    /// <param name="image">The image.</param>
    /// <param name="environment">What it is told. A database on a Unix socket is reached by way of a port.</param>
    /// <param name="mounts">Files of this machine by their path in the container; only read there.</param>
    /// <exception cref="InvalidOperationException">It ended instead; the message has its log.</exception>
    public static async Task<ServiceContainer> StartAsync(
        string image, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string>? mounts = null)
    {
        var owned = new List<IAsyncDisposable>();
        var port = FreePort();
        var told = new Dictionary<string, string>(environment, StringComparer.Ordinal) { ["PORT"] = port.ToString(CultureInfo.InvariantCulture) };
        if (told.TryGetValue("DATABASE", out var database))
            told["DATABASE"] = OverTcp(database, owned);
        var id = await DockerAsync(
        [
            "run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "host",
            .. told.SelectMany(setting => new[] { "--env", $"{setting.Key}={setting.Value}" }),
            .. (mounts ?? new Dictionary<string, string>(StringComparer.Ordinal)).SelectMany(mount => new[] { "--volume", $"{mount.Value}:{mount.Key}:ro" }),
            image,
        ]);
        var started = new ServiceContainer(id.Trim(), port, owned);
        try
        {
            await started.ListensAsync();
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a docker command to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message has what it said.</exception>
    public static async Task<string> DockerAsync(IReadOnlyList<string> arguments)
    {
        var came = await Tool.RunAsync("docker", arguments);
        return came.ExitCode == 0 ? came.Output : throw new InvalidOperationException($"docker {arguments[0]} ended with {came.ExitCode}: {came.Error.Trim()}");
    }

    /// <summary>Tries to run a program in it.</summary>
    public Task<ToolResult> ExecAsync(params IReadOnlyList<string> command) => Tool.RunAsync("docker", ["exec", _id, .. command]);

    /// <summary>Asks it to stop, as a node does.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        await DockerAsync(["stop", "--time", "30", _id]);
        return int.Parse(await DockerAsync(["inspect", "--format", "{{.State.ExitCode}}", _id]), CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DockerAsync(["rm", "--force", _id]);
        foreach (var thing in _owned)
            await thing.DisposeAsync();
    }

    private async Task ListensAsync()
    {
        using var late = new CancellationTokenSource(ListensWithin);
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Url.Port), late.Token);
                return;
            }
            catch (SocketException)
            {
                if (late.IsCancellationRequested || (await DockerAsync(["inspect", "--format", "{{.State.Running}}", _id])).Trim() != "true")
                    break;
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
            }
        }

        var log = await Tool.RunAsync("docker", ["logs", _id]);
        throw new InvalidOperationException($"the container does not listen on port {Url.Port}: {log.Output}{log.Error}");
    }

    // A container's user does not get at a socket in somebody else's folder.
    private static string OverTcp(string database, List<IAsyncDisposable> owned)
    {
        var connection = new NpgsqlConnectionStringBuilder(database);
        if (connection.Host is not ['/', ..] folder)
            return database;
        var path = $"{folder}/.s.PGSQL.{connection.Port}";
        var forward = new LocalForward(async cancellation =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        });
        owned.Add(forward);
        (connection.Host, connection.Port) = (forward.Url.Host, forward.Url.Port);
        return connection.ConnectionString;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
