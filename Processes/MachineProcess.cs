using System.Collections;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Processes;

/// <summary>The operating system's process as a <see cref="ServiceProcess"/>; what a service's <c>Main</c> passes on.</summary>
public static class MachineProcess
{
    /// <summary>
    /// Runs <paramref name="main"/> with the machine's environment, console, clock and sockets; SIGTERM, SIGINT (Ctrl-C) and SIGHUP (its terminal
    /// was closed) fire <see cref="ServiceProcess.Stop"/>.
    /// </summary>
    /// <returns>The program's exit code.</returns>
    public static async Task<int> RunAsync(ProgramMain main, string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        await using var output = Console.OpenStandardOutput();
        await using var error = Console.OpenStandardError();
        return await main(new ServiceProcess
        {
            Arguments = arguments,
            Environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal),
            WorkingDirectory = Directory.GetCurrentDirectory(),
            Input = Console.OpenStandardInput(),
            Output = output,
            Error = error,
            Network = MachineNetwork.Instance,
            Stop = stop.Token,
        });

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>The machine's own sockets.</summary>
    public sealed class MachineNetwork : IProcessNetwork
    {
        /// <summary>The one machine.</summary>
        public static MachineNetwork Instance { get; } = new();

        /// <inheritdoc/>
        public IConnectionListenerFactory? Listener => null;

        /// <inheritdoc/>
        public async ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(host, port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        /// <inheritdoc/>
        public string? SocketDirectory(string host, int port) => null;
    }
}
