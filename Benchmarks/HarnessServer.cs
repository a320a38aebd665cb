using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Benchmarks;

/// <summary>A cluster in a process of its own, as <c>harness up</c> starts it, in a folder of its own; with what /proc tells of the process.</summary>
internal sealed partial class HarnessServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _root;

    private HarnessServer(Process process, string root, Uri url, TimeSpan ready)
    {
        (_process, _root, Url, Ready) = (process, root, url, ready);
        var kubeconfig = File.ReadAllText(Kubeconfig);
        Token = TokenLine().Match(kubeconfig).Groups[1].Value;
        Authority = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(AuthorityLine().Match(kubeconfig).Groups[1].Value)));
    }

    public Uri Url { get; }

    public string Token { get; }

    public X509Certificate2 Authority { get; }

    /// <summary>From the start of the process to the first 200 of /readyz.</summary>
    public TimeSpan Ready { get; }

    public string Kubeconfig => Path.Combine(_root, ".harness", "kubeconfig");

    /// <summary>User and system time of the process so far.</summary>
    public TimeSpan Cpu => TimeSpan.FromSeconds(ProcessUsage.CpuOf(_process));

    /// <summary>Resident memory in MiB: now, and at its highest.</summary>
    public (long Now, long Peak) Memory => (ProcessUsage.ResidentOf(_process.Id), ProcessUsage.PeakOf(_process.Id));

    /// <summary>Starts <c>harness.dll serve</c> and waits until the API is ready and the kubeconfig written.</summary>
    public static async Task<HarnessServer> StartAsync(string harness)
    {
        var root = Directory.CreateTempSubdirectory("bench-api-").FullName;
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet", [harness, "serve", "--api-port", port.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["HARNESS_ROOT"] = root;
        var began = Stopwatch.GetTimestamp();
        var process = Process.Start(start) ?? throw new InvalidOperationException($"dotnet {harness} could not be started");
        var said = new StringBuilder();
        process.ErrorDataReceived += (_, line) => { lock (said) said.AppendLine(line.Data); };
        process.OutputDataReceived += (_, line) => { lock (said) said.AppendLine(line.Data); };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        TimeSpan? ready = null;
        while (ready is null || !File.Exists(Path.Combine(root, ".harness", "state.json")))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(began) > Patience)
                throw new InvalidOperationException($"the cluster did not start: {said}");
            if (ready is null && await IsReadyAsync(port))
                ready = Stopwatch.GetElapsedTime(began);
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
        return new HarnessServer(process, root, new Uri($"https://127.0.0.1:{port}"), ready.Value);
    }

    public async ValueTask DisposeAsync()
    {
        using (var stop = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            await stop.WaitForExitAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Authority.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> IsReadyAsync(int port)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, port);
            // The certificate is not known before the kubeconfig is there; this asks for nothing but a sign of life.
            await using var stream = new SslStream(socket.GetStream(), false, (_, certificate, _, _) => certificate is not null);
            await stream.AuthenticateAsClientAsync("127.0.0.1");
            await stream.WriteAsync("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
            using var reader = new StreamReader(stream);
            return (await reader.ReadLineAsync())?.Contains(" 200 ", StringComparison.Ordinal) == true;
        }
        catch (Exception notYet) when (notYet is SocketException or IOException or AuthenticationException)
        {
            return false;
        }
    }

    [GeneratedRegex("token: *\"?([^\"\\s]+)")]
    private static partial Regex TokenLine();

    [GeneratedRegex("certificate-authority-data: *\"?([^\"\\s]+)")]
    private static partial Regex AuthorityLine();
}
