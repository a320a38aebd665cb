using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Discovery;

/// <summary>EndpointSlices. Having no spec, they count the changes of everything but their metadata themselves.</summary>
internal sealed class EndpointSliceStrategy : KindStrategy
{
    private static readonly string[] NotCounted = ["metadata", "kind", "apiVersion"];

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("discovery.k8s.io", "v1", "EndpointSlice");

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        foreach (var list in (ReadOnlySpan<string>)["endpoints", "ports"])
            if (!@object.ContainsKey(list))
                @object[list] = null;
        foreach (var endpoint in PodSpecDefaults.Objects(@object, "endpoints"))
            endpoint.Ensure("conditions");
        foreach (var port in PodSpecDefaults.Objects(@object, "ports"))
        {
            port.Default("name", "");
            port.Default("protocol", "TCP");
        }
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        EmptyIsNull(@object);
        @object.Ensure("metadata")["generation"] = 1;
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old)
    {
        EmptyIsNull(@object);
        var generation = old.At("metadata", "generation").Integer() ?? 0;
        var changed = !SemanticEquality.EqualExcept(@object.ToElement(), old, NotCounted)
            || !SemanticEquality.Equal(@object["metadata"]?["labels"]?.ToElement() ?? default, old.At("metadata", "labels"));
        @object.Ensure("metadata")["generation"] = changed ? generation + 1 : generation;
    }

    // An empty list does not survive the way through etcd's protobuf.
    private static void EmptyIsNull(JsonObject @object)
    {
        foreach (var list in (ReadOnlySpan<string>)["endpoints", "ports"])
            if (@object[list] is JsonArray { Count: 0 })
                @object[list] = null;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var type = @object.At("addressType").Text("");
        PodSpecValidation.OneOf(errors, type, FieldPath.Of("addressType"), "FQDN", "IPv4", "IPv6");
        Endpoints(errors, @object.At("endpoints"), type);
        Ports(errors, @object.At("ports"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        errors.AddRange(Validate(@object));
        if (@object.At("addressType").Text("") is var type && type != old.At("addressType").Text(""))
            errors.Invalid(FieldPath.Of("addressType"), type, "field is immutable");
        return errors;
    }

    private static void Endpoints(FieldErrors errors, JsonElement endpoints, string type)
    {
        var path = FieldPath.Of("endpoints");
        if (endpoints.Count() > 1000)
        {
            errors.TooMany(path, endpoints.Count(), 1000);
            return;
        }
        var index = 0;
        foreach (var endpoint in endpoints.Items())
        {
            var at = path.Index(index++);
            var addresses = endpoint.At("addresses");
            if (addresses.Count() == 0)
                errors.Required(at.Child("addresses"), "must contain at least 1 address");
            else if (addresses.Count() > 100)
                errors.TooMany(at.Child("addresses"), addresses.Count(), 100);
            for (var i = 0; i < addresses.Count(); i++)
                Address(errors, addresses[i].Text(""), type, at.Child("addresses").Index(i));
            if (endpoint.At("nodeName").Text() is { } node)
                errors.InvalidEach(at.Child("nodeName"), node, NameRules.DnsSubdomain(node));
            if (endpoint.At("deprecatedTopology").Count() > 0)
                LabelValidation.Labels(errors, endpoint.At("deprecatedTopology"), at.Child("deprecatedTopology"));
            if (endpoint.At("hostname").Text() is { } host)
                errors.InvalidEach(at.Child("hostname"), host, NameRules.DnsLabel(host));
        }
    }

    private static void Address(FieldErrors errors, string address, string type, FieldPath path)
    {
        switch (type)
        {
            case "IPv4" or "IPv6":
                AddressRules.AddressOf(errors, address, path, type == "IPv4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6);
                AddressRules.NotSpecial(errors, address, path);
                break;
            case "FQDN":
                var name = address.EndsWith('.') ? address[..^1] : address;
                if (address.Length == 0)
                    errors.Required(path);
                else if (NameRules.DnsSubdomain(name) is { Count: > 0 } messages)
                    errors.Invalid(path, name, string.Join(',', messages));
                else if (!name.Contains('.', StringComparison.Ordinal))
                    errors.Invalid(path, name, "should be a domain with at least two segments separated by dots");
                break;
            default:
                break;
        }
    }

    private static void Ports(FieldErrors errors, JsonElement ports)
    {
        var path = FieldPath.Of("ports");
        if (ports.Count() > 20000)
        {
            errors.TooMany(path, ports.Count(), 20000);
            return;
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var port in ports.Items())
        {
            var at = path.Index(index++);
            var name = port.At("name").Text("");
            if (name.Length > 0)
                errors.InvalidEach(at.Child("name"), name, NameRules.DnsLabel(name));
            if (!names.Add(name))
                errors.Duplicate(at.Child("name"), name);
            PodSpecValidation.OneOf(errors, port.At("protocol").Text(""), at.Child("protocol"), "SCTP", "TCP", "UDP");
            if (port.At("appProtocol").Text() is { } protocol)
                errors.InvalidEach(at.Child("appProtocol"), protocol, NameRules.QualifiedName(protocol));
        }
    }
}
