#pragma warning disable RS0030 // Makes folders for sockets, which containers do not see.
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace ClusterSim.Network;

/// <summary>
/// A Unix socket whose connections enter the wire as one process's own, for clients that offer no hook for their socket (Npgsql).
/// A Unix listener cannot refuse a single caller, so what the wire refuses is closed as soon as it is known; what policy drops stays open
/// and silent, as it would.
/// </summary>
internal sealed class SocketBridge : IDisposable
{
    private const string Prefix = "cs-";

    // sun_path holds 104 bytes on macOS, 108 on Linux.
    private const int SocketPathBytesMax = 100;

    private readonly WireProcess _process;
    private readonly string _host;
    private readonly int _port;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Makes the socket and starts to accept.</summary>
    public SocketBridge(WireProcess process, string host, int port)
    {
        (_process, _host, _port) = (process, host, port);
        Directory = Make();
        SocketPath = Path.Combine(Directory, $".s.PGSQL.{port.ToString(CultureInfo.InvariantCulture)}");
        process.Wire.Watchdog.Exempt(SocketPath);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(128);
        _ = Wire.OutsideOfPodsAsync(AcceptAsync);
    }

    /// <summary>The directory that stands for the host: mode 0700, short.</summary>
    public string Directory { get; }

    /// <summary>The socket in it.</summary>
    public string SocketPath { get; }

    /// <summary>Removes what killed runs left behind: directories whose process is gone.</summary>
    public static void RemoveLeftovers()
    {
        foreach (var directory in System.IO.Directory.EnumerateDirectories(Root(), Prefix + "*-*"))
        {
            var owner = Path.GetFileName(directory).Split('-')[1];
            if (!int.TryParse(owner, NumberStyles.None, CultureInfo.InvariantCulture, out var process) || IsRunning(process))
                continue;
            try
            {
                System.IO.Directory.Delete(directory, recursive: true);
            }
            catch (Exception notOurs) when (notOurs is IOException or UnauthorizedAccessException)
            {
                // Another user's, or another run is removing it too.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _process.Wire.Watchdog.Revoke(SocketPath);
        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (IOException)
        {
            // Somebody is tidying the temporary directory too.
        }
    }

    private static string Root()
    {
        var root = Path.GetTempPath();
        return root.Length + 40 <= SocketPathBytesMax ? root : "/tmp";
    }

    private static string Make()
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Npgsql reaches the simulated network through Unix sockets in a directory of mode 0700: run under WSL on Windows");
        var name = $"{Prefix}{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var path = Path.Combine(Root(), name);
        System.IO.Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static bool IsRunning(int process)
    {
        try
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
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
