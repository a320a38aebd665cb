using System.Globalization;
using System.Net.Sockets;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Network;

/// <summary>
/// A Unix socket whose connections enter the wire as one process's own, for clients that offer no hook for their socket (Npgsql).
/// A Unix listener cannot refuse a single caller, so what the wire refuses is closed as soon as it is known; what policy drops stays open
/// and silent, as it would.
/// </summary>
internal sealed class SocketBridge : IDisposable
{
    // sun_path holds 104 bytes on macOS, 108 on Linux.
    private const int SocketPathBytesMax = 100;

    private readonly WireProcess _process;
    private readonly string _host;
    private readonly int _port;
    private readonly TemporaryFolder _folder;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Makes the socket and starts to accept.</summary>
    public SocketBridge(WireProcess process, string host, int port)
    {
        (_process, _host, _port) = (process, host, port);
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Npgsql reaches the simulated network through Unix sockets in a directory of mode 0700: run under WSL on Windows");
        _folder = TemporaryFolder.Create(Root());
        SocketPath = Path.Combine(Directory, $".s.PGSQL.{port.ToString(CultureInfo.InvariantCulture)}");
        process.Wire.Watchdog.Exempt(SocketPath);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(128);
        _ = Wire.OutsideOfPodsAsync(AcceptAsync);
    }

    /// <summary>The directory that stands for the host: mode 0700, short.</summary>
    public string Directory => _folder.Path;

    /// <summary>The socket in it.</summary>
    public string SocketPath { get; }

    /// <summary>Where folders of sockets are made: the folder of temporary files, unless its path leaves too little of a socket's.</summary>
    public static string Root()
    {
        var root = Path.GetTempPath();
        return root.Length + 40 <= SocketPathBytesMax ? root : "/tmp";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _process.Wire.Watchdog.Revoke(SocketPath);
        try
        {
            _folder.Dispose();
        }
        catch (IOException)
        {
            // Another process removes temporary files at the same time.
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            _ = ServeAsync(socket);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var given = socket;
        Stream stream;
        try
        {
            stream = await _process.DialAsync(_host, _port, _stop.Token);
        }
        catch (Exception refused) when (refused is SocketException or OperationCanceledException)
        {
            return;
        }
        await using var wire = stream;
        await SocketRelay.RunAsync(socket, wire);
    }
}
