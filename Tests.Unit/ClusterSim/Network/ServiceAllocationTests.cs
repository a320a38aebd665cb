using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Admission;
using ClusterSim.Machinery;
using ClusterSim.Network.Services;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Network;

[Parallelizable(ParallelScope.All)]
internal sealed class ServiceAllocationTests
{
    private static readonly ResourceType Services = new ResourceCatalog().Require("services");
    private readonly VersionedStore _store = new();
    private readonly ServiceAllocation _allocation;

    public ServiceAllocationTests()
    {
        _allocation = new ServiceAllocation(_store, "10.96.0.0/12", new Randomness(1));
    }

    [Test]
    public void Every_Service_gets_an_address_of_its_own_in_the_range()
    {
        var mine = new ServiceAllocationTests();
        var addresses = Enumerable.Range(0, 500).Select(number => mine.Create($"s{number}").Spec.At("clusterIP").Text("")).ToList();

        Assert.That(addresses.Distinct().Count(), Is.EqualTo(500));
        Assert.That(addresses, Has.All.Match(@"^10\.(9[6-9]|10\d|11[01])\."));
    }

    [Test]
    public void A_headless_Service_gets_none()
    {
        var spec = new ServiceAllocationTests().Create("s", """{"clusterIP":"None","selector":{"app":"a"}}""").Spec;

        Assert.That(spec.At("clusterIPs")[0].Text(), Is.EqualTo("None"));
        Assert.That(spec.At("ipFamilyPolicy").Text(), Is.EqualTo("SingleStack"));
    }

    [Test]
    public void An_external_name_gets_none()
    {
        var spec = new ServiceAllocationTests().Create("s", """{"type":"ExternalName","externalName":"example.com"}""").Spec;

        Assert.That(spec.At("clusterIP").Exists(), Is.False);
    }

    [Test]
    public void An_address_that_is_asked_for_is_refused_where_another_has_it()
    {
        var mine = new ServiceAllocationTests();
        mine.Create("first", """{"clusterIP":"10.96.0.10"}""");

        Assert.That(() => mine.Create("second", """{"clusterIP":"10.96.0.10"}"""), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "Service \"second\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP 10.96.0.10: provided IP is already allocated"));
        Assert.That(() => mine.Create("third", """{"clusterIP":"192.168.1.1"}"""), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "Service \"third\" is invalid: spec.clusterIPs: Invalid value: [\"192.168.1.1\"]: failed to allocate IP 192.168.1.1: the provided IP (192.168.1.1) is not in the valid range. The range of valid IPs is 10.96.0.0/12"));
    }

    [Test]
    public void Node_ports_are_given_and_kept_and_one_that_is_asked_for_twice_is_refused()
    {
        var mine = new ServiceAllocationTests();
        var first = mine.Create("first", """{"type":"NodePort","ports":[{"port":53,"protocol":"UDP"},{"port":53,"protocol":"TCP"},{"port":80,"protocol":"TCP","nodePort":30080}]}""");
        var ports = first.Spec.At("ports").Items().Select(port => port.At("nodePort").Integer(0)).ToList();

        Assert.That(ports, Has.All.InRange(30000, 32767));
        Assert.That(ports[1], Is.EqualTo(ports[0]), "one number over two protocols has one node port");
        Assert.That(ports[2], Is.EqualTo(30080));
        Assert.That(() => mine.Create("second", """{"type":"NodePort","ports":[{"port":80,"protocol":"TCP","nodePort":30080}]}"""), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "Service \"second\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"));

        var changed = first.ToObject();
        changed["spec"]!["ports"]![0]!.AsObject().Remove("nodePort");
        mine._allocation.Allocate(new AdmissionRequest(Target("first"), "UPDATE", changed, first.Root, [], false));
        Assert.That((int)changed["spec"]!["ports"]![0]!["nodePort"]!, Is.EqualTo(ports[0]));
    }

    [Test]
    public void A_load_balancer_that_wants_no_node_ports_gets_none()
    {
        var spec = new ServiceAllocationTests().Create("s", """{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}""").Spec;

        Assert.That(spec.At("ports")[0].At("nodePort").Exists(), Is.False);
        Assert.That(spec.At("clusterIP").Text(), Is.Not.Null);
    }

    private static RequestTarget Target(string name) => new(UserInfo.ApiServer, Services, "default", name);

    private Document Create(string name, string spec = "{}")
    {
        var service = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["uid"] = name },
            ["spec"] = JsonNode.Parse(spec),
        };
        _allocation.Allocate(new AdmissionRequest(Target(name), "CREATE", service, default(JsonElement), [], false));
        return _store.Create(Services.GroupResource, new ObjectKey("default", name), service);
    }
}
