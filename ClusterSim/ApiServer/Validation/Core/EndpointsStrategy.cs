using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>Endpoints, the old form of EndpointSlices.</summary>
internal sealed class EndpointsStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Endpoints");

    /// <inheritdoc/>
    public override bool AllowCreateOnUpdate => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        foreach (var subset in PodSpecDefaults.Objects(@object, "subsets"))
            foreach (var port in PodSpecDefaults.Objects(subset, "ports"))
                port.Default("protocol", "TCP");
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var index = 0;
        foreach (var subset in @object.At("subsets").Items())
        {
            var path = FieldPath.Of("subsets").Index(index++);
            if (subset.At("addresses").Count() + subset.At("notReadyAddresses").Count() == 0)
                errors.Required(path, "must specify `addresses` or `notReadyAddresses`");
            foreach (var list in (ReadOnlySpan<string>)["addresses", "notReadyAddresses"])
                for (var i = 0; i < subset.At(list).Count(); i++)
                    Address(errors, subset.At(list)[i], path.Child(list).Index(i));
            for (var i = 0; i < subset.At("ports").Count(); i++)
                Port(errors, subset.At("ports")[i], subset.At("ports").Count() > 1, path.Child("ports").Index(i));
        }
        return errors;
    }

    private static void Address(FieldErrors errors, JsonElement address, FieldPath path)
    {
        var ip = address.At("ip").Text("");
        AddressRules.Address(errors, ip, path.Child("ip"));
        if (address.At("hostname").Text() is { Length: > 0 } host)
            errors.InvalidEach(path.Child("hostname"), host, NameRules.DnsLabel(host));
        if (address.At("nodeName").Text() is { } node)
            errors.InvalidEach(path.Child("nodeName"), node, NameRules.DnsSubdomain(node));
        AddressRules.NotSpecial(errors, ip, path.Child("ip"));
    }

    private static void Port(FieldErrors errors, JsonElement port, bool requiresName, FieldPath path)
    {
        var name = port.At("name").Text("");
        if (requiresName && name.Length == 0)
            errors.Required(path.Child("name"));
        else if (name.Length > 0)
            errors.InvalidEach(path.Child("name"), name, NameRules.DnsLabel(name));
        NumberRules.Port(errors, port.At("port").Integer() ?? 0, path.Child("port"));
        PodSpecValidation.OneOf(errors, port.At("protocol").Text(""), path.Child("protocol"), "SCTP", "TCP", "UDP");
        if (port.At("appProtocol").Text() is { } protocol)
            errors.InvalidEach(path.Child("appProtocol"), protocol, NameRules.QualifiedName(protocol));
    }
}
