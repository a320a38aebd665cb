using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>What Kubernetes' own tests expect of Services whose type changes, and of their node ports (test/e2e/network/service.go).</summary>
public sealed class ServiceTypeTests
{
    private const string Services = "/api/v1/namespaces/default/services";
    private const string Ports = "\"ports\":[{\"name\":\"http\",\"port\":80,\"protocol\":\"TCP\"}]";

    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _api = await CustomCluster.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [Test]
    public async Task A_node_port_is_free_again_once_its_Service_is_gone()
    {
        var port = NodePort(await CreateAsync("first", "\"type\":\"NodePort\"," + Ports));
        Assert.That(await RefusedAsync("second", With(port)), Does.Contain($"spec.ports[0].nodePort: Invalid value: {port}: provided port is already allocated"));

        await _api.DeleteAsync($"{Services}/first");

        Assert.That(NodePort(await CreateAsync("second", With(port))), Is.EqualTo(port));
        await _api.DeleteAsync($"{Services}/second");

        static string With(int port) => $$$"""
            "type":"NodePort","ports":[{"name":"http","port":80,"protocol":"TCP","nodePort":{{{port}}}}]
            """;
    }

    [TestCase(29_999)]
    [TestCase(32_768)]
    public async Task A_node_port_out_of_range_is_refused_for_a_new_Service_and_for_a_changed_one(int port)
    {
        var words = $"spec.ports[0].nodePort: Invalid value: {port}: provided port is not in the valid range. The range of valid ports is 30000-32767";
        var ports = "\"ports\":[{\"name\":\"http\",\"port\":80,\"protocol\":\"TCP\",\"nodePort\":" + port + "}]";
        Assert.That(await RefusedAsync("outside", "\"type\":\"NodePort\"," + ports), Does.Contain(words));
        await CreateAsync("outside", "\"type\":\"NodePort\"," + Ports);

        var changed = await _api.MergeAsync($"{Services}/outside", "{\"spec\":{" + ports + "}}");

        Assert.That((changed.Code, (string?)changed.Body!["message"]), Is.EqualTo((422, $"Service \"outside\" is invalid: {words}")));
        await _api.DeleteAsync($"{Services}/outside");
    }

    [TestCase("ClusterIP")]
    [TestCase("NodePort")]
    [TestCase("LoadBalancer")]
    public async Task A_name_becomes_a_Service_with_an_address_and_a_name_again(string type)
    {
        await CreateAsync("changing", """ "type":"ExternalName","externalName":"clouds.example" """);

        var served = await ChangeAsync($$"""{"type":"{{type}}","externalName":null,{{Ports}}}""");
        Assert.That((string?)served["clusterIP"], Does.Match(@"^\d+\.\d+\.\d+\.\d+$"));
        Assert.That(served["clusterIPs"]!.AsArray().Select(each => (string)each!), Is.EqualTo(new[] { (string)served["clusterIP"]! }));
        Assert.That(served["externalName"], Is.Null);
        Assert.That(served["ports"]![0]!["nodePort"] is not null, Is.EqualTo(type != "ClusterIP"));

        var named = await ChangeAsync("""{"type":"ExternalName","externalName":"clouds.example"}""");
        Assert.That((string?)named["externalName"], Is.EqualTo("clouds.example"));
        Assert.That(new[] { named["clusterIP"], named["clusterIPs"], named["ports"]![0]!["nodePort"] }, Is.All.Null, "what its type has no use for");
        await _api.DeleteAsync($"{Services}/changing");
    }

    [Test]
    public async Task What_a_Service_gives_up_as_it_becomes_a_name_another_may_have()
    {
        var before = (await CreateAsync("changing", "\"type\":\"NodePort\"," + Ports))["spec"]!;
        var (address, port) = ((string)before["clusterIP"]!, (int)before["ports"]![0]!["nodePort"]!);

        await ChangeAsync("""{"type":"ExternalName","externalName":"clouds.example"}""");

        var other = (await CreateAsync("other", $$$"""
            "type":"NodePort","clusterIP":"{{{address}}}","ports":[{"port":80,"nodePort":{{{port}}}}]
            """))["spec"]!;
        Assert.That(((string?)other["clusterIP"], (int)other["ports"]![0]!["nodePort"]!), Is.EqualTo((address, port)));
        await _api.DeleteAsync($"{Services}/changing");
        await _api.DeleteAsync($"{Services}/other");
    }

    [Test]
    public async Task A_node_port_goes_as_a_Service_becomes_one_for_the_cluster_alone_and_its_address_stays()
    {
        var before = (await CreateAsync("changing", "\"type\":\"NodePort\"," + Ports))["spec"]!;

        var after = await ChangeAsync("""{"type":"ClusterIP"}""");

        Assert.That((string?)after["clusterIP"], Is.EqualTo((string)before["clusterIP"]!));
        Assert.That(after["ports"]![0]!["nodePort"], Is.Null);
        await _api.DeleteAsync($"{Services}/changing");
    }

    private async Task<JsonNode> ChangeAsync(string spec)
    {
        var changed = await _api.MergeAsync($"{Services}/changing", $$"""{"spec":{{spec}}}""");
        Assert.That(changed.Code, Is.EqualTo(200), changed.ToString());
        return changed.Body!["spec"]!;
    }

    private async Task<JsonNode> CreateAsync(string name, string spec)
    {
        var made = await PostAsync(name, spec);
        Assert.That(made.Code, Is.EqualTo(201), made.ToString());
        return made.Body!;
    }

    private async Task<string?> RefusedAsync(string name, string spec)
    {
        var refused = await PostAsync(name, spec);
        Assert.That(refused.Code, Is.EqualTo(422), refused.ToString());
        return (string?)refused.Body!["message"];
    }

    private Task<Answer> PostAsync(string name, string spec) =>
        _api.PostAsync(Services, $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{{{{spec}}}}}""");

    private static int NodePort(JsonNode service) => (int)service["spec"]!["ports"]![0]!["nodePort"]!;
}
