using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Manifests;
using ClusterSim.Network;
using ClusterSim.Nodes.Images;
using ClusterSim.Postgres;
using Harness.Kube;
using InvoiceApp;
using PaymentProvider;
using Processes;

namespace Tests.Cluster.Clusters;

/// <summary>
/// The paying system on a simulated cluster of its own, in this process: k8s/overlays/sim, the services as they are built with the tests,
/// on the test run's PostgreSQL.
/// </summary>
public sealed class SimulatedClusterUnderTest : ICluster
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(2);

    private readonly HttpClient _outside;

    private readonly WorldAddress _world;

    private SimulatedClusterUnderTest(SimulatedCluster cluster, WorldAddress world)
    {
        Cluster = cluster;
        _world = world;
        _outside = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = cluster.Ingress };
    }

    /// <summary>The cluster, for tests that break it.</summary>
    public SimulatedCluster Cluster { get; }

    private ClientAccess Api => field ??= new ClientAccess(KubeconfigOf());

    /// <inheritdoc/>
    public string Description => $"a simulated cluster in this process, seed {Cluster.Seed}";

    /// <inheritdoc/>
    public (string Host, int Port)? World => (WorldAddress.Host, WorldAddress.Port);

    /// <summary>Starts one with everything of <paramref name="overlay"/> on it, after <paramref name="change"/> has had its way with the manifests.</summary>
    public static async Task<SimulatedClusterUnderTest> StartAsync(
        string overlay = "k8s/overlays/sim", Func<IReadOnlyList<Manifest>, IReadOnlyList<Manifest>>? change = null, Action<ImageStore>? images = null)
    {
        var cluster = await StartEmptyAsync(images);
        try
        {
            var manifests = Kustomization.Build(Repository.Path(overlay));
            foreach (var manifest in change?.Invoke(manifests) ?? manifests)
                cluster.Apply(manifest);
            await cluster.ReadyAsync(ReadyLimit);
            return new SimulatedClusterUnderTest(cluster, await WorldAddress.ListenAsync(cluster));
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one with the images on it, and nothing deployed.</summary>
    public static async Task<SimulatedCluster> StartEmptyAsync(Action<ImageStore>? images = null)
    {
        var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Network = new NetworkOptions { Denied = DeniedTraffic.Reject } });
        try
        {
            cluster.Images.Add("postgres:18.1-alpine", new PostgresImage(await TestPostgres.Shared.ServerAsync()));
            AddService(cluster.Images, "invoice-app:1.0.0", InvoiceAppService.RunAsync, "InvoiceApp");
            AddService(cluster.Images, "payment-provider:1.0.0", PaymentProviderService.RunAsync, "PaymentProvider");
            images?.Invoke(cluster.Images);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same cluster, seen through its HTTPS API with its kubeconfig, as any cluster is.</summary>
    public static async Task<ICluster> StartOverApiAsync()
    {
        var simulated = await StartAsync();
        return new OwnedCluster(new KubeconfigCluster(new ClientAccess(simulated.KubeconfigOf()), simulated.Cluster.Ingress, simulated.Description), simulated);
    }

    /// <summary>The same, with kubectl.</summary>
    public static async Task<ICluster> StartThroughKubectlAsync()
    {
        var simulated = await StartAsync();
        var path = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():N}");
        simulated.Cluster.WriteKubeconfig(path);
        return new OwnedCluster(
            new KubeconfigCluster(new KubectlAccess(path), simulated.Cluster.Ingress, simulated.Description), simulated, new FileEnd(path));
    }

    /// <summary>How an identity reaches its API; the administrator where none is named.</summary>
    public KubeconfigEntry KubeconfigOf(string? user = null, params IReadOnlyList<string> groups) => KubeconfigOf(Cluster, user, groups);

    /// <summary>How an identity reaches the API of a cluster; the administrator where none is named.</summary>
    public static KubeconfigEntry KubeconfigOf(SimulatedCluster cluster, string? user = null, params IReadOnlyList<string> groups)
    {
        var path = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():N}");
        cluster.WriteKubeconfig(path, user, groups);
        var config = KubeconfigFile.Read(path);
        File.Delete(path);
        return config;
    }

    /// <summary>Registers a service as its Dockerfile describes it.</summary>
    public static void AddService(ImageStore images, string reference, ProgramMain main, string project) =>
        images.Add(reference, new ServiceImage(main, Dockerfile.Read(File.ReadAllText(Repository.Path($"{project}/Dockerfile")))));

    /// <inheritdoc/>
    public Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector = null) =>
        Task.FromResult(Cluster.List(resource, @namespace, labelSelector));

    /// <inheritdoc/>
    public async Task<Answer> RequestFromOutsideAsync(string host, HttpMethod method, string path, string? body = null)
    {
        using var request = Request(method, path, body);
        request.Headers.Host = host;
        using var response = await _outside.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <inheritdoc/>
    public async Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body = null, string? token = null)
    {
        using var client = Cluster.CreatePodClient(@namespace, pod, port);
        using var request = Request(method, path, body);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <inheritdoc/>
    public Task<string> TokenAsync(string @namespace, string account, string? audience) => Api.TokenAsync(@namespace, account, audience);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Reachability>> ProbeAsync(ProberPod from, IReadOnlyList<(string Host, int Port)> targets)
    {
        using var limit = new CancellationTokenSource(ProbeLimit);
        return await Task.WhenAll(targets.Select(target => ReachedAsync(() => Cluster.DialAsPodAsync(from.Namespace, from.Name, target.Host, target.Port, limit.Token))));
    }

    /// <inheritdoc/>
    public Task ApplyAsync(string yaml)
    {
        Cluster.ApplyYaml(yaml);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string resource, string? @namespace, string name)
    {
        Cluster.Delete(resource, @namespace, name);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task KillPodAsync(string @namespace, string pod)
    {
        Cluster.Faults.KillPod(@namespace, pod);
        Cluster.Delete("pods", @namespace, pod, gracePeriodSeconds: 0);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<bool> MayAsync(Subject who, Deed deed) =>
        Task.FromResult(Cluster.Create(new Manifest(deed.Review(who), "a SubjectAccessReview")).GetProperty("status").GetProperty("allowed").GetBoolean());

    /// <inheritdoc/>
    public Task<bool> AuthenticatesAsync(string token) => Api.AuthenticatesAsync(token);

    /// <inheritdoc/>
    public Task<Admitted> AdmitAsync(JsonObject @object) => Api.AdmitAsync(@object);

    /// <inheritdoc/>
    public Task<string> LogAsync(string @namespace, string pod) => Cluster.LogAsync(@namespace, pod);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _outside.Dispose();
        await Api.DisposeAsync();
        await _world.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    private sealed class FileEnd(string path) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            File.Delete(path);
            return ValueTask.CompletedTask;
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? body) =>
        new(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };

    private static async Task<Reachability> ReachedAsync(Func<ValueTask<Stream>> dial)
    {
        try
        {
            await (await dial()).DisposeAsync();
            return Reachability.Reached;
        }
        catch (Exception denied) when (denied is SocketException or OperationCanceledException)
        {
            return Reachability.NotReachable;
        }
    }
}
