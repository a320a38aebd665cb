using System.Diagnostics.CodeAnalysis;
using System.Net;
using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Nodes.Images;
using Microsoft.AspNetCore.Connections;
using Processes;

namespace Tests.Cluster.PublicApi;

/// <summary>An image whose behaviour its user implements.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class CustomImageTests
{
    [Test]
    public async Task A_pod_runs_the_programs_of_an_image_of_ones_own()
    {
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { UnknownImages = UnknownImages.Refuse });
        cluster.Images.Add("example.com/echo:1", new EchoImage());

        cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: echo }
            spec:
              containers:
                - name: main
                  image: example.com/echo:1
                  ports: [{ containerPort: 7 }]
                  readinessProbe: { exec: { command: [is-ready] } }
            """);
        await cluster.ReadyAsync(TimeSpan.FromSeconds(30));
        await using var stream = await cluster.DialPodAsync("default", "echo", EchoImage.Port, CancellationToken.None);
        await stream.WriteAsync("hello\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync();

        Assert.That(line, Is.EqualTo("hello"));
        Assert.That(await cluster.LogAsync("default", "echo"), Is.EqualTo("listening\n"));
        var status = cluster.Find("pods", "default", "echo")!.Value.At("status", "containerStatuses").Items().Single();
        Assert.That(status.At("imageID").Text(), Does.EndWith(new EchoImage().Digest));
    }

    /// <summary>Answers every line with the same line.</summary>
    private sealed class EchoImage : Image
    {
        public const int Port = 7;

        public override ImageConfiguration Configuration { get; } = new() { User = "65532", Entrypoint = ["echo-server"], ExposedPorts = [Port] };

        public override string Digest => "sha256:" + new string('e', 64);

        public override bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program)
        {
            program = name switch
            {
                "echo-server" => ServeAsync,
                "is-ready" => IsReadyAsync,
                _ => null,
            };
            return program is not null;
        }

        private static async Task<int> ServeAsync(ServiceProcess process)
        {
            await using var listener = await process.Network.Listener!.BindAsync(new IPEndPoint(IPAddress.Any, Port), process.Stop);
            await process.Output.WriteAsync("listening\n"u8.ToArray());
            try
            {
                while (await listener.AcceptAsync(process.Stop) is { } connection)
                    _ = EchoAsync(connection, process.Killed);
            }
            catch (OperationCanceledException) when (process.Stop.IsCancellationRequested)
            {
                // SIGTERM.
            }
            return 0;
        }

        private static async Task EchoAsync(ConnectionContext connection, CancellationToken killed)
        {
            await using (connection)
                await connection.Transport.Input.CopyToAsync(connection.Transport.Output, killed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private static async Task<int> IsReadyAsync(ServiceProcess process)
        {
            await using var stream = await process.Network.DialAsync("localhost", Port, process.Stop);
            await stream.WriteAsync("?"u8.ToArray(), process.Stop);
            return stream.ReadByte() == '?' ? 0 : 1;
        }
    }
}
