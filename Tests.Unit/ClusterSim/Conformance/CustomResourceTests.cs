using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>What Kubernetes' conformance tests expect of CustomResourceDefinitions and of what is published about them.</summary>
public sealed class CustomResourceTests
{
    private const string Group = "conform.example.com";
    private const string Plain = """{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}}}""";

    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _api = await CustomCluster.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [Test]
    public async Task Definitions_are_listed_and_deleted_by_label()
    {
        for (var i = 0; i < 10; i++)
        {
            var definition = CustomCluster.Definition(Group, $"list{(char)('a' + i)}s", Plain);
            definition["metadata"]!["labels"] = new JsonObject { ["e2e-list-test-uuid"] = "ten" };
            await _api.EstablishAsync(definition);
        }
        await _api.EstablishAsync(CustomCluster.Definition(Group, "stays", Plain));

        Assert.That((await _api.GetAsync($"{CustomCluster.Definitions}?labelSelector=e2e-list-test-uuid%3Dten")).Body!["items"]!.AsArray(), Has.Count.EqualTo(10));
        Assert.That((await _api.DeleteAsync($"{CustomCluster.Definitions}?labelSelector=e2e-list-test-uuid%3Dten")).Code, Is.EqualTo(200));
        await _api.UntilAsync($"{CustomCluster.Definitions}?labelSelector=e2e-list-test-uuid%3Dten", answer => answer.Body!["items"]!.AsArray().Count == 0);
        Assert.That((await _api.GetAsync($"{CustomCluster.Definitions}/stays.{Group}")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task A_definitions_status_is_read_updated_and_patched()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "statuses", Plain, names: ",\"singular\":\"status\",\"listKind\":\"StatusesList\""));
        var path = $"{CustomCluster.Definitions}/statuses.{Group}/status";
        var read = (await _api.GetAsync(path)).Body!;
        read["status"]!["conditions"]!.AsArray().Add(JsonNode.Parse("""{"type":"StatusUpdateForTest","status":"True","message":"updated by test"}"""));
        Assert.That(CustomCluster.ConditionOf((await _api.PutAsync(path, read)).Body, "StatusUpdateForTest"), Is.EqualTo("True"));
        var patched = await _api.SendAsync("PATCH", path, """[{"op":"add","path":"/status/conditions/-","value":{"type":"StatusPatched","status":"True","message":"patched"}}]""", "application/json-patch+json");
        Assert.That(patched.Code, Is.EqualTo(200), patched.ToString());

        var after = (await _api.GetAsync($"{CustomCluster.Definitions}/statuses.{Group}")).Body!;
        Assert.That((CustomCluster.ConditionOf(after, "StatusUpdateForTest"), CustomCluster.ConditionOf(after, "StatusPatched")), Is.EqualTo(("True", "True")));
    }

    [Test]
    public async Task Custom_objects_and_their_changes_are_watched()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "watcheds", Plain, scope: "Cluster"));
        const string path = $"/apis/{Group}/v1/watcheds";
        var from = (string)(await _api.GetAsync(path)).Body!["metadata"]!["resourceVersion"]!;
        foreach (var name in (string[])["one", "two"])
            await _api.PostAsync(path, $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"Watched","metadata":{"name":"{{{name}}}"},"spec":{"a":"1"} }""");
        await _api.MergeAsync($"{path}/one", """{"spec":{"a":"2"}}""");
        await _api.DeleteAsync($"{path}/one");
        await _api.DeleteAsync($"{path}/two");

        var told = (await _api.Client.GetStringAsync(new Uri($"{path}?watch=true&timeoutSeconds=1&resourceVersion={from}", UriKind.Relative)))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).Select(one => $"{one["type"]} {one["object"]!["metadata"]!["name"]} {one["object"]!["spec"]!["a"]}");

        Assert.That(told, Is.EqualTo(new[] { "ADDED one 1", "ADDED two 1", "MODIFIED one 2", "DELETED one 2", "DELETED two 1" }));
    }

    [Test]
    public async Task Defaults_come_for_requests_and_from_storage_and_stay_when_written()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "defaulteds", Plain, scope: "Cluster"));
        const string path = $"/apis/{Group}/v1/defaulteds";
        await _api.PostAsync(path, $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"Defaulted","metadata":{"name":"first"},"spec":{} }""");
        await PatchSchemaAsync("defaulteds", """[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/default","value":"A"}]""");
        await _api.UntilAsync($"{path}/first", answer => (string?)answer.Body!["spec"]!["a"] == "A");
        await _api.PostAsync(path, $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"Defaulted","metadata":{"name":"second"},"spec":{} }""");

        await PatchSchemaAsync("defaulteds", """
            [{"op":"remove","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/default"},
             {"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b/default","value":"B"}]
            """);

        var second = await _api.UntilAsync($"{path}/second", answer => (string?)answer.Body!["spec"]!["b"] == "B");
        Assert.That((string?)second.Body!["spec"]!["a"], Is.EqualTo("A"), "it was written with that default");
        Assert.That((await _api.GetAsync($"{path}/first")).Body!["spec"]!["a"], Is.Null, "it never was");
    }

    [Test]
    public async Task OpenAPI_follows_versions_that_come_are_renamed_and_go()
    {
        var definition = CustomCluster.Definition(Group, "publisheds", Plain);
        definition["spec"]!["versions"]!.AsArray().Add(JsonNode.Parse("""{"name":"v2","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","properties":{"b":{"type":"integer"}}}}}"""));
        await _api.EstablishAsync(definition);
        await ShownAsync("v1", shown: true);
        await ShownAsync("v2", shown: true);
        await PatchSchemaAsync("publisheds", """[{"op":"replace","path":"/spec/versions/1/name","value":"v4"}]""");
        await ShownAsync("v4", shown: true);
        await ShownAsync("v2", shown: false);
        await PatchSchemaAsync("publisheds", """[{"op":"replace","path":"/spec/versions/1/served","value":false}]""");
        await ShownAsync("v4", shown: false);
        await ShownAsync("v1", shown: true);
        Assert.That((await _api.GetAsync("/openapi/v3")).Body!["paths"]!.AsObject().ContainsKey($"apis/{Group}/v1"));

        async Task ShownAsync(string version, bool shown)
        {
            await _api.UntilAsync("/openapi/v2", answer => answer.Body!["definitions"]!.AsObject().ContainsKey($"com.example.conform.{version}.Published") == shown);
            await _api.UntilAsync($"/openapi/v3/apis/{Group}/{version}", answer => (answer.Body as JsonObject)?["components"]?["schemas"]?.AsObject().ContainsKey($"com.example.conform.{version}.Published") is true == shown);
        }
    }

    [Test]
    public async Task What_keeps_unknown_fields_is_published_without_any()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "opens", """{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}}"""));
        await _api.EstablishAsync(CustomCluster.Definition(Group, "nesteds", """{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"x-kubernetes-embedded-resource":true},"status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}"""));

        var definitions = (await _api.GetAsync("/openapi/v2")).Body!["definitions"]!;
        var open = definitions["com.example.conform.v1.Open"]!;
        Assert.That(open["properties"], Is.Null, "kubectl takes what is named for all there is");
        Assert.That((string?)open["x-kubernetes-group-version-kind"]![0]!["kind"], Is.EqualTo("Open"));
        Assert.That(definitions["com.example.conform.v1.Nested"]!["properties"]!["status"]!["type"], Is.Null);
        var v3 = (await _api.GetAsync($"/openapi/v3/apis/{Group}/v1")).Body!["components"]!["schemas"]!;
        Assert.That((string?)v3["com.example.conform.v1.Open"]!["properties"]!["a"]!["type"], Is.EqualTo("string"));
        Assert.That(v3["com.example.conform.v1.Nested"]!["properties"]!["spec"]!["properties"]!.AsObject().ContainsKey("apiVersion"));
    }

    [Test]
    public async Task The_definitions_own_resource_is_in_discovery_and_new_ones_are_in_the_aggregated_form()
    {
        Assert.That((await _api.GetAsync("/apis")).Body!["groups"]!.AsArray().Select(group => (string?)group!["name"]), Does.Contain("apiextensions.k8s.io"));
        Assert.That((await _api.GetAsync("/apis/apiextensions.k8s.io/v1")).Body!["resources"]!.AsArray().Select(resource => (string?)resource!["name"]), Does.Contain("customresourcedefinitions").And.Contain("customresourcedefinitions/status"));
        await _api.EstablishAsync(CustomCluster.Definition("other." + Group, "founds", Plain));
        var groups = (await _api.GetAsync("/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")).Body!["items"]!.AsArray();
        Assert.That(groups.Single(group => (string?)group!["metadata"]!["name"] == "other." + Group)!["versions"]![0]!["resources"]![0]!["responseKind"]!["kind"]!.ToString(), Is.EqualTo("Found"));
    }

    [Test]
    public async Task What_was_wrong_before_may_stay_wrong_while_it_does_not_change()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "ratcheteds", Plain, scope: "Cluster"));
        const string path = $"/apis/{Group}/v1/ratcheteds/old";
        await _api.PostAsync($"/apis/{Group}/v1/ratcheteds", $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"Ratcheted","metadata":{"name":"old"},"spec":{"a":"wrong"} }""");
        await PatchSchemaAsync("ratcheteds", """[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/enum","value":["right"]}]""");
        await _api.UntilAsync($"/openapi/v3/apis/{Group}/v1", answer => answer.Body!["components"]!["schemas"]!["com.example.conform.v1.Ratcheted"]!.ToJsonString().Contains("right", StringComparison.Ordinal));

        Assert.That((await _api.MergeAsync(path, """{"spec":{"b":"new"}}""")).Code, Is.EqualTo(200));
        Assert.That((await _api.MergeAsync(path, """{"spec":{"a":"also wrong"}}""")).Message, Does.Contain("spec.a: Unsupported value: \"also wrong\": supported values: \"right\""));
    }

    private async Task PatchSchemaAsync(string plural, string patch)
    {
        var answer = await _api.SendAsync("PATCH", $"{CustomCluster.Definitions}/{plural}.{Group}", patch, "application/json-patch+json");
        Assert.That(answer.Code, Is.EqualTo(200), answer.ToString());
    }
}
