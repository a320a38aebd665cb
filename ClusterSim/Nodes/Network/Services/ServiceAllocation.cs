using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.Network.Policies;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Network.Services;

/// <summary>
/// Gives Services their cluster addresses and node ports (<c>k8s.io/kubernetes/pkg/registry/core/service/storage/alloc.go</c>). What is in
/// use is read from the stored Services, so nothing needs to be given back. An update keeps what the Service has.
/// </summary>
internal sealed class ServiceAllocation : IAdmission
{
    /// <summary>The node ports: kube-apiserver's default range.</summary>
    public const int NodePortFirst = 30000;

    /// <summary>The last node port.</summary>
    public const int NodePortLast = 32767;

    private static readonly GroupResource Services = new("", "services");

    private readonly VersionedStore _store;
    private readonly Randomness _random;
    private readonly string _rangeText;
    private readonly AddressRange _range;
    private readonly uint _base;
    private readonly uint _size;
    private readonly ConditionalWeakTable<Document, Taken> _taken = [];

    /// <summary>Allocates from <paramref name="serviceRange"/>, IPv4.</summary>
    public ServiceAllocation(VersionedStore store, string serviceRange, Randomness random)
    {
        (_store, _random, _rangeText) = (store, random, serviceRange);
        _range = AddressRange.Parse(serviceRange);
        var network = IPNetwork.Parse(serviceRange);
        _base = BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes());
        _size = 1u << (32 - network.PrefixLength);
    }

    /// <inheritdoc/>
    public void Mutate(AdmissionRequest request)
    {
        // Nothing: allocation is last.
    }

    /// <inheritdoc/>
    public void Validate(AdmissionRequest request)
    {
        // Nothing: explicit values are checked against what is in use where they are allocated.
    }

    /// <inheritdoc/>
    public bool Allocates(AdmissionRequest request) => request.Target.Resource.GroupResource == Services;

    /// <inheritdoc/>
    public void Allocate(AdmissionRequest request)
    {
        if (request.Object is not { } service || request.Target.Resource.GroupResource != Services || request.Target.Subresource is not null)
            return;
        var spec = service.Ensure("spec");
        var old = request.Old.At("spec");
        if (spec.Text("type") == "ExternalName")
            return;
        var name = (service["metadata"] as JsonObject).Text("name") ?? "";
        var self = request.Old.At("metadata", "uid").Text();
        AllocateAddress(spec, old, name, self);
        if (spec.Text("type") is "NodePort" or "LoadBalancer")
            AllocateNodePorts(spec, old, name, self);
    }

    private void AllocateAddress(JsonObject spec, JsonElement old, string name, string? self)
    {
        var asked = (spec["clusterIPs"] as JsonArray)?.FirstOrDefault()?.GetValue<string>() ?? spec.Text("clusterIP");
        if (string.IsNullOrEmpty(asked))
            asked = old.At("clusterIP").Text();
        if (asked == "None")
        {
            SetAddress(spec, "None");
            // Without a selector nobody says which family the endpoints will have: both (alloc.go's special case).
            var isManual = spec["selector"] is not JsonObject { Count: > 0 };
            SetFamilies(spec, isManual ? "RequireDualStack" : "SingleStack", isManual ? ["IPv4", "IPv6"] : ["IPv4"]);
            return;
        }
        if (string.IsNullOrEmpty(asked))
        {
            SetAddress(spec, FreeAddress(name, self));
        }
        else
        {
            if (asked != old.At("clusterIP").Text())
                ThrowUnlessFree(asked, name, self);
            SetAddress(spec, asked);
        }
        SetFamilies(spec, "SingleStack", ["IPv4"]);
    }

    private void ThrowUnlessFree(string asked, string name, string? self)
    {
        if (!IPAddress.TryParse(asked, out var address) || !_range.Contains(address))
            throw Refusal($"failed to allocate IP {asked}: the provided IP ({asked}) is not in the valid range. The range of valid IPs is {_rangeText}");
        if (Others(self).Any(taken => taken.Addresses.Contains(asked, StringComparer.Ordinal)))
            throw Refusal($"failed to allocate IP {asked}: provided IP is already allocated");

        KubernetesApiException Refusal(string why) => Invalid(name, "spec.clusterIPs", $"Invalid value: [\"{asked}\"]: {why}");
    }

    private string FreeAddress(string name, string? self)
    {
        var used = Others(self).SelectMany(taken => taken.Addresses).ToHashSet(StringComparer.Ordinal);
        // As Kubernetes: addresses are drawn above a lower band, which is left to those who ask for a certain one, while there are any.
        var band = Math.Min(Math.Max(16, _size / 16), 256);
        for (var tries = 0; tries < 64; tries++)
            if (Address(band + (uint)_random.Next((int)(_size - band - 1))) is var drawn && !used.Contains(drawn))
                return drawn;
        for (var offset = 1u; offset < _size - 1; offset++)
            if (Address(offset) is var free && !used.Contains(free))
                return free;
        throw Invalid(name, "spec.clusterIPs", "Invalid value: []: failed to allocate a serviceIP: range is full");
    }

    private string Address(uint offset)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, _base + offset);
        return new IPAddress(bytes).ToString();
    }

    private void AllocateNodePorts(JsonObject spec, JsonElement old, string name, string? self)
    {
        var isBalancer = spec.Text("type") == "LoadBalancer";
        var allocates = !isBalancer || spec["allocateLoadBalancerNodePorts"] is not JsonValue said || said.GetValue<bool>();
        var used = Others(self).SelectMany(taken => taken.NodePorts).ToHashSet();
        var given = new Dictionary<long, int>();
        var ports = spec["ports"] as JsonArray ?? [];
        for (var index = 0; index < ports.Count; index++)
        {
            if (ports[index] is not JsonObject port)
                continue;
            var number = port.Integer("port") ?? 0;
            var protocol = port.Text("protocol") ?? "TCP";
            var asked = (int)(port.Integer("nodePort") ?? 0);
            if (asked == 0)
                asked = old.At("ports").Items().FirstOrDefault(each => each.At("port").Integer() == number && each.At("protocol").Text("TCP") == protocol)
                    .At("nodePort").Integer(0);
            if (asked == 0 && !allocates)
                continue;
            // One port number over several protocols has one node port.
            if (given.TryGetValue(number, out var shared) && (asked == 0 || asked == shared))
            {
                port["nodePort"] = shared;
                continue;
            }
            if (asked is not 0 and (< NodePortFirst or > NodePortLast))
                throw Refusal("provided port is not in the valid range. The range of valid ports is 30000-32767");
            var chosen = asked != 0 ? asked : FreePort(used) ?? throw Refusal("failed to allocate a nodePort: range is full");
            if (!used.Add(chosen))
                throw Refusal("provided port is already allocated");
            given.TryAdd(number, chosen);
            port["nodePort"] = chosen;

            KubernetesApiException Refusal(string why) => Invalid(name, $"spec.ports[{index}].nodePort", $"Invalid value: {asked}: {why}");
        }
        if (isBalancer && spec.Text("externalTrafficPolicy") == "Local" && spec.Integer("healthCheckNodePort") is not > 0)
            spec["healthCheckNodePort"] = old.At("healthCheckNodePort").Integer(0) is > 0 and var kept ? kept : FreePort(used);
    }

    private int? FreePort(HashSet<int> used)
    {
        const int Count = NodePortLast - NodePortFirst + 1;
        var start = _random.Next(Count);
        for (var tries = 0; tries < Count; tries++)
            if (NodePortFirst + ((start + tries) % Count) is var port && !used.Contains(port))
                return port;
        return null;
    }

    private IEnumerable<Taken> Others(string? self) => _store.Current(Services).All()
        .Where(service => service.Uid != self)
        .Select(service => _taken.GetValue(service, static document => Taken.By(document)));

    private static void SetAddress(JsonObject spec, string address)
    {
        spec["clusterIP"] = address;
        spec["clusterIPs"] = new JsonArray(address);
    }

    private static void SetFamilies(JsonObject spec, string policy, string[] families)
    {
        spec.Default("ipFamilyPolicy", policy);
        if (spec["ipFamilies"] is not JsonArray { Count: > 0 })
            spec["ipFamilies"] = new JsonArray([.. families.Select(family => (JsonNode)family)]);
    }

    private static KubernetesApiException Invalid(string name, string field, string detail) =>
        KubernetesApiException.Invalid(new GroupVersionKind("", "v1", "Service"), name, [new FieldError("FieldValueInvalid", field, detail)]);

    private sealed record Taken(IReadOnlyList<string> Addresses, IReadOnlyList<int> NodePorts)
    {
        public static Taken By(Document service) => new(
            [.. service.Spec.At("clusterIPs").Items().Select(address => address.Text("")).Where(address => address is not ("" or "None"))],
            [.. service.Spec.At("ports").Items().Select(port => port.At("nodePort").Integer(0))
                .Append(service.Spec.At("healthCheckNodePort").Integer(0)).Where(port => port > 0)]);
    }
}
