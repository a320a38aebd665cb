using System.Diagnostics;
using System.Text.Json;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Nodes.Images;
using ClusterSim.Postgres;
using Tests.Unit.Postgres;

namespace ClusterSim.Tests.Postgres;

/// <summary>The simulated <c>postgres</c> image: a pod in front of a real server.</summary>
[TestFixture]
public sealed class PostgresImageTests
{
    private const string Pod =
        """
        apiVersion: v1
        kind: Pod
        metadata: { name: db }
        spec:
          containers:
          - name: postgres
            image: postgres:18.1-alpine
            env:
            - { name: POSTGRES_USER, value: app }
            - { name: POSTGRES_PASSWORD, value: secret }
            readinessProbe:
              exec: { command: [pg_isready] }
              periodSeconds: 1
              timeoutSeconds: 10
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task When_the_server_process_is_killed_the_container_ends_and_its_restart_has_the_data_again()
    {
        await using var server = await TestPostgres.PrivateServerAsync(new PostgresOptions { Durable = true });
        await using var cluster = await SimulatedCluster.StartAsync();
        cluster.Images.Add("postgres:18.1-alpine", new PostgresImage(server));
        cluster.ApplyYaml(Pod);
        await cluster.UntilAsync(() => Container(cluster).At("ready").Flag(false), Limit);
        await server.ExecuteAsync("CREATE TABLE kept AS SELECT 42 AS answer");

        using (var process = Process.GetProcessById(PostgresLeftovers.ServerId(server.DataDirectory)!.Value))
            process.Kill();

        await cluster.UntilAsync(() => Container(cluster).At("restartCount").Integer(0) > 0 && Container(cluster).At("ready").Flag(false), Limit);
        Assert.Multiple(() =>
        {
            Assert.That(Container(cluster).At("lastState", "terminated", "exitCode").Integer(0), Is.EqualTo(1));
            Assert.That(Container(cluster).At("lastState", "terminated", "reason").Text(), Is.EqualTo("Error"));
            Assert.That(async () => await server.ExecuteAsync("SELECT answer FROM kept"), Throws.Nothing);
        });
    }

    [Test]
    public async Task A_server_that_was_ended_on_purpose_stays_ended()
    {
        await using var server = await TestPostgres.PrivateServerAsync();
        await server.StopAsync();

        await server.RecoverAsync();

        Assert.That(PostgresLeftovers.IsServed(server.DataDirectory), Is.False);
    }

    private static JsonElement Container(SimulatedCluster cluster) =>
        cluster.Find("pods", "default", "db")!.Value.At("status", "containerStatuses").Items().SingleOrDefault();
}
