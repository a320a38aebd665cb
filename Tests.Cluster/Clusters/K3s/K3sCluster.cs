using System.Globalization;
using System.Text.Json;
using ClusterSim.Access;
using ClusterSim.Manifests;
using Harness.Kube;
using Testcontainers.K3s;

namespace Tests.Cluster.Clusters.K3s;

/// <summary>
/// The paying system on K3s in a container of its own: a real Kubernetes, a real container runtime, real images, a network that enforces
/// policies. Gone with the container.
/// </summary>
internal sealed class K3sCluster : IAsyncDisposable
{
    /// <summary>The image where K3S_IMAGE names no other, such as a mirror's. Pinned: a test that passes today passes tomorrow.</summary>
    public const string DefaultImage = "rancher/k3s:v1.36.2-k3s1";

    private const int HttpPort = 80;
    private const string Archive = "services.tar";
    private static readonly (string Project, string Reference)[] Services = [("InvoiceApp", "invoice-app:1.0.0"), ("PaymentProvider", "payment-provider:1.0.0")];

    // Images are pulled, among them PostgreSQL's: minutes on a slow line.
    private static readonly TimeSpan SystemLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PolicyLimit = TimeSpan.FromMinutes(2);

    private readonly K3sContainer _container;
    private readonly string _folder;

    private K3sCluster(K3sContainer container, string folder) => (_container, _folder) = (container, folder);

    /// <summary>Why K3s cannot be started here; null where it can.</summary>
    public static async Task<string?> MissingAsync()
    {
        if (await DockerEngine.MissingAsync() is { } missing)
            return missing;
        try
        {
            _ = Builder();
            return null;
        }
        catch (NotSupportedException standIn)
        {
            return standIn.Message;
        }
    }

    /// <summary>
    /// 1. Builds both images, starts K3s, imports them.
    /// 2. Awaits the node, CoreDNS and Traefik; applies k8s/overlays/k3s; awaits every pod.
    /// 3. Awaits that the network enforces policies, which it does a while after it has accepted them.
    /// </summary>
    public static async Task<ICluster> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("k3s-").FullName;
        var container = Builder().Build();
        var owned = new K3sCluster(container, folder);
        var images = Task.CompletedTask;
        try
        {
            images = BuildImagesAsync(folder);
            await container.StartAsync();
            await images;
            await ImportAsync(container, folder);

            var kubeconfig = Path.Combine(folder, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, await container.GetKubeconfigAsync());
            var config = KubeconfigFile.Read(kubeconfig);
            var published = new UriBuilder(Uri.UriSchemeHttp, container.Hostname, container.GetMappedPublicPort(HttpPort)).Uri;
            var cluster = new OwnedCluster(new KubeconfigCluster(new ClientAccess(config), published, $"K3s in a container ({ImageName})"), owned);
            using var client = new KubeClient(config);
            await SystemIsUpAsync(client);
            await DeployAsync(client);
            await PayingSystemIsUpAsync(cluster);
            await PolicyEnforcement.AwaitAsync(cluster, PolicyLimit);
            return cluster;
        }
        catch (Exception failed)
        {
            var log = await LogAsync(container);
            // It writes into the folder that goes; what became of it no longer matters.
            await Task.WhenAny(images);
            await owned.DisposeAsync();
            throw new InvalidOperationException($"K3s ({ImageName}) did not come up: {failed.Message}\nthe end of its log:\n{log}", failed);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _container.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string ImageName => Environment.GetEnvironmentVariable("K3S_IMAGE") is { Length: > 0 } named ? named : DefaultImage;

    // The module starts K3s without Traefik, and its WithCommand only appends. Our Ingress needs Traefik.
    private static K3sBuilder Builder() => new K3sBuilder(ImageName)
        .WithPortBinding(HttpPort, true)
        .WithCreateParameterModifier(parameters => parameters.Cmd = ["server"]);

    private static async Task BuildImagesAsync(string folder)
    {
        foreach (var (project, reference) in Services)
            await DockerEngine.BuildAsync(project, reference);
        await DockerEngine.SaveAsync(Path.Combine(folder, Archive), [.. Services.Select(service => service.Reference)]);
    }

    private static async Task ImportAsync(K3sContainer container, string folder)
    {
        await container.CopyAsync(new FileInfo(Path.Combine(folder, Archive)), "/tmp/");
        var import = await container.ExecAsync(["ctr", "images", "import", "/tmp/" + Archive]);
        if (import.ExitCode != 0)
            throw new InvalidOperationException($"the images could not be imported: ctr ended with {import.ExitCode}: {import.Stderr}");
    }

    private static async Task SystemIsUpAsync(KubeClient client)
    {
        await Eventually.HoldsAsync(
            () => client.ListAsync(client.Resource("nodes"), null), nodes => nodes.Count > 0 && nodes.All(PayingSystem.IsReady), "the node is Ready", SystemLimit);
        foreach (var name in (string[])["coredns", "traefik"])
            await Eventually.HoldsAsync(
                () => client.FindAsync(client.Resource("deployments"), "kube-system", name), found => found is { } deployment && IsAvailable(deployment), $"{name} is up", SystemLimit);
    }

    private static async Task DeployAsync(KubeClient client)
    {
        var manifests = Kustomization.Build(Repository.Path("k8s/overlays/k3s"));
        await IssuerEgress.FillAsync(manifests, client);
        foreach (var manifest in manifests)
            await client.ApplyAsync(manifest.Object);
    }

    private static async Task PayingSystemIsUpAsync(ICluster cluster)
    {
        foreach (var @namespace in (string[])[PayingSystem.Invoices, PayingSystem.Payments])
            await Eventually.HoldsAsync(
                () => cluster.ListAsync("pods", @namespace), pods => pods.Count == 4 && pods.All(PayingSystem.IsReady), $"every pod of {@namespace} is Ready", SystemLimit);
        await Eventually.HoldsAsync(
            () => cluster.RequestFromOutsideAsync(PayingSystem.Host, HttpMethod.Get, "/invoices"), answer => answer.Code == 200, "the Ingress answers", SystemLimit);
    }

    private static bool IsAvailable(JsonElement deployment) =>
        deployment.GetProperty("status").TryGetProperty("availableReplicas", out var available) && available.GetInt32() > 0;

    private static async Task<string> LogAsync(K3sContainer container)
    {
        try
        {
            var (output, error) = await container.GetLogsAsync();
            return string.Join('\n', (output + error).Split('\n').TakeLast(30));
        }
        catch (Exception none) when (none is InvalidOperationException or HttpRequestException or NotSupportedException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"(none: {none.Message})");
        }
    }
}
