using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Network;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using YamlDotNet.RepresentationModel;

namespace ClusterSim.Tests.Network;

/// <summary>A store and a wire, and the objects a cluster's other rooms would have put into the store.</summary>
internal sealed class TestNetwork : IAsyncDisposable
{
    private static readonly ResourceCatalog Catalog = new();
    private readonly List<IAsyncDisposable> _hosts = [];

    public TestNetwork(NetworkOptions? options = null, TimeProvider? clock = null)
    {
        Wire = new Wire(new WireContext(
            Store, options ?? new NetworkOptions { Denied = DeniedTraffic.Reject }, clock ?? TimeProvider.System, new Randomness(1), Quiescence, NullLogger.Instance));
    }

    public VersionedStore Store { get; } = new();

    public Quiescence Quiescence { get; } = new();

    public Wire Wire { get; }

    public Document Apply(string yaml)
    {
        Document? last = null;
        foreach (var @object in Yaml.Read(yaml))
            last = Put(@object);
        return last!;
    }

    public Document Put(JsonObject @object)
    {
        var (group, version) = GroupVersion.Parse(@object.Text("apiVersion")!);
        var resource = Catalog.Find(new GroupVersionKind(group, version, @object.Text("kind")!))!;
        var metadata = @object.Ensure("metadata");
        if (resource.Namespaced)
            metadata.Default("namespace", "default");
        var key = new ObjectKey(resource.Namespaced ? metadata.Text("namespace") : null, metadata.Text("name")!);
        metadata.Default("uid", $"{resource.Name}/{key}");
        return Store.Find(resource.GroupResource, key) is { } present
            ? Store.Update(present, @object)
            : Store.Create(resource.GroupResource, key, @object);
    }

    public void Delete(string resource, string group, string @namespace, string name)
    {
        var key = new ObjectKey(@namespace, name);
        Store.Delete(Store.Find(new GroupResource(group, resource), key)!);
    }

    public IPodNetwork Pod(string @namespace, string name, string labels = "{}", string node = "node-1", string spec = "", string ports = "[]")
    {
        var uid = $"pods/{@namespace}/{name}";
        var network = Wire.Attach(new PodIdentity(@namespace, name, uid, node, name));
        Apply($$"""
            apiVersion: v1
            kind: Pod
            metadata: { name: {{name}}, namespace: '{{@namespace}}', uid: {{uid}}, labels: {{labels}} }
            spec: { nodeName: {{node}}, containers: [ { name: main, image: box, ports: {{ports}} } ] {{(spec.Length == 0 ? "" : ", " + spec)}} }
            status: { podIP: {{network.Address}} }
            """);
        return network;
    }

    public void Service(string @namespace, string name, string clusterIP, int port, int target, params IPodNetwork[] endpoints)
    {
        Apply($$"""
            apiVersion: v1
            kind: Service
            metadata: { name: {{name}}, namespace: {{@namespace}} }
            spec: { type: ClusterIP, clusterIP: {{clusterIP}}, clusterIPs: [ {{clusterIP}} ], ports: [ { port: {{port}}, protocol: TCP } ] }
            """);
        Slice(@namespace, name, target, endpoints);
    }

    public void Slice(string @namespace, string service, int target, params IPodNetwork[] endpoints) => Put(new JsonObject
    {
        ["apiVersion"] = "discovery.k8s.io/v1",
        ["kind"] = "EndpointSlice",
        ["metadata"] = new JsonObject
        {
            ["name"] = service + "-slice",
            ["namespace"] = @namespace,
            ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = service },
        },
        ["endpoints"] = new JsonArray([.. endpoints.Select(pod => new JsonObject
        {
            ["addresses"] = new JsonArray(pod.Address.ToString()),
            ["conditions"] = new JsonObject { ["ready"] = true, ["serving"] = true, ["terminating"] = false },
            ["hostname"] = ((WireHost)pod).Pod!.Name,
            ["nodeName"] = ((WireHost)pod).Pod!.Node,
        })]),
        ["ports"] = new JsonArray(new JsonObject { ["name"] = "", ["protocol"] = "TCP", ["port"] = target }),
    });

    /// <summary>A Kestrel host in a pod's container; it answers as <paramref name="configure"/> says, by default with the pod's address.</summary>
    public async Task<IContainerNetwork> ServeAsync(
        IPodNetwork pod, int port, Action<WebApplication>? configure = null, string container = "main", string host = "*", Action<WebApplicationBuilder>? build = null)
    {
        var network = pod.Join(container);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(network.Listener!);
        build?.Invoke(builder);
        builder.WebHost.UseUrls($"http://{host}:{port.ToString(CultureInfo.InvariantCulture)}");
        var application = builder.Build();
        if (configure is null)
            application.Run(context => context.Response.WriteAsync(pod.Address.ToString()));
        else
            configure(application);
        Task starting;
        using (ExecutionContext.SuppressFlow())
            starting = Task.Run(() => application.StartAsync());
        await starting;
        _hosts.Add(application);
        return network;
    }

    public static HttpClient Client(IContainerNetwork from, bool h2c = false) => new(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancellation) => from.DialAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation),
        UseProxy = false,
    })
    {
        Timeout = TimeSpan.FromSeconds(10),
        DefaultRequestVersion = h2c ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>The socket error a dial ends with; null where it succeeds.</summary>
    public static async Task<SocketError?> DialErrorAsync(IContainerNetwork from, string host, int port, int timeoutMilliseconds = 5000)
    {
        using var patience = new CancellationTokenSource(timeoutMilliseconds);
        try
        {
            await using var stream = await from.DialAsync(host, port, patience.Token);
            return null;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode;
        }
        catch (OperationCanceledException)
        {
            return SocketError.TimedOut;
        }
    }

    /// <summary>Accepts one raw connection at a pod's port.</summary>
    public static async Task<IConnectionListener> ListenAsync(IContainerNetwork network, int port) =>
        await network.Listener!.BindAsync(new IPEndPoint(IPAddress.Any, port));

    public async ValueTask DisposeAsync()
    {
        await Wire.DisposeAsync();
        foreach (var host in _hosts)
            await host.DisposeAsync();
    }
}

/// <summary>YAML as the tests write it.</summary>
internal static class Yaml
{
    public static IEnumerable<JsonObject> Read(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Select(document => (JsonObject)Convert(document.RootNode)!);
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } plain => plain.Value switch
        {
            "" or "null" or "~" or null => null,
            "true" => true,
            "false" => false,
            var number when long.TryParse(number, CultureInfo.InvariantCulture, out var value) => value,
            var word => word,
        },
        YamlScalarNode quoted => quoted.Value,
        _ => throw new NotSupportedException(node.GetType().Name),
    };
}
