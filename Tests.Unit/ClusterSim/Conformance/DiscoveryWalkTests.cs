using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Schema.Protobuf;
using ClusterSim.Tests.Fidelity;
using ClusterSim.Tests.Schema;

namespace ClusterSim.Tests.Conformance;

/// <summary>
/// Every resource in discovery, with upstream's object of its kind (k8s.io/api/testdata): the object is understood in JSON and in protobuf, and the
/// resource is listed in every form that clients ask for.
/// </summary>
public sealed class DiscoveryWalkTests
{
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    // Created by what a real object has, not by one of every field filled in.
    private static readonly HttpStatusCode[] Understood = [HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity, HttpStatusCode.Forbidden, HttpStatusCode.Conflict];

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;

    private static IEnumerable<ResourceType> Resources() => new ResourceCatalog().BuiltIn;

    private static IEnumerable<TestCaseData> Creatable() => Resources().Where(type => type.Verbs.Contains("create")).Select(type => new TestCaseData(type).SetArgDisplayNames(NameOf(type)));

    private static IEnumerable<TestCaseData> Listable() => Resources().Where(type => type.Verbs.Contains("list")).Select(type => new TestCaseData(type).SetArgDisplayNames(NameOf(type)));

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync();
        _client = ApiHttp.ClientOf(_cluster);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [TestCaseSource(nameof(Creatable))]
    public async Task Upstreams_object_is_understood_in_JSON_as_in_protobuf(object resource)
    {
        var type = (ResourceType)resource;
        var file = $"{(type.Group.Length == 0 ? "core" : type.Group)}.{type.Version}.{type.Kind}";
        if (UpstreamData.Folder("api-testdata") is not { } folder || !File.Exists(Path.Combine(folder, file + ".json")))
            Assert.Ignore($"there is no {file} in ../shared/upstream/api-testdata");
        var (json, _, _) = UpstreamData.ApiObject(file);
        var @object = (JsonObject)JsonNode.Parse(json)!;
        @object["metadata"] = JsonBuilding.Object(("name", "walked"), ("namespace", type.Namespaced ? "default" : null));
        var path = PathOf(type) + "?dryRun=All&fieldValidation=Strict";

        var inJson = await SendAsync(path, @object.ToUtf8(), "application/json");
        var inProtobuf = await SendAsync(path, new ProtobufAnswer(TypeSchema.Load()).Write(@object.ToElement()), Protobuf);

        Assert.That(inJson.Status, Is.AnyOf(Understood.Cast<object>().ToArray()), inJson.Body);
        Assert.That((inProtobuf.Status, Message(inProtobuf.Body)), Is.EqualTo((inJson.Status, Message(inJson.Body))));
    }

    [TestCaseSource(nameof(Listable))]
    public async Task A_list_comes_in_every_form(object resource)
    {
        var type = (ResourceType)resource;
        var path = (type.Group.Length == 0 ? $"/api/{type.Version}" : $"/apis/{type.GroupVersion}") + "/" + type.Name;
        foreach (var accept in (string[])
            [
                "application/json", "application/yaml", Protobuf,
                "application/json;as=Table;v=v1;g=meta.k8s.io", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
                Protobuf + ";as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
            ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Accept", accept);
            using var response = await _client.SendAsync(request);

            Assert.That((response.StatusCode, response.Content.Headers.ContentType?.MediaType), Is.EqualTo((HttpStatusCode.OK, accept.Split(';')[0])), $"{path} as {accept}");
        }
    }

    private static string NameOf(ResourceType type) => $"{type.GroupVersion}/{type.Name}";

    private static string PathOf(ResourceType type)
    {
        var prefix = type.Group.Length == 0 ? $"/api/{type.Version}" : $"/apis/{type.GroupVersion}";
        return type.Namespaced ? $"{prefix}/namespaces/default/{type.Name}" : $"{prefix}/{type.Name}";
    }

    private static string? Message(string body) => (string?)JsonNode.Parse(body)?["message"];

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(string path, byte[] body, string mediaType)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var response = await _client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
