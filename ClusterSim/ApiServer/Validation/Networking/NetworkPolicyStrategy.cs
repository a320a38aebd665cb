using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Networking;

/// <summary>NetworkPolicies.</summary>
internal sealed class NetworkPolicyStrategy : KindStrategy
{
    private static readonly (string Rules, string Peers)[] Directions = [("ingress", "from"), ("egress", "to")];

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("networking.k8s.io", "v1", "NetworkPolicy");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        spec.Ensure("podSelector");
        // Egress only counts where there are rules for it; ingress always.
        if (spec["policyTypes"] is not JsonArray { Count: > 0 })
            spec["policyTypes"] = spec["egress"] is JsonArray { Count: > 0 } ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
        foreach (var (rules, _) in Directions)
            foreach (var rule in PodSpecDefaults.Objects(spec, rules))
                foreach (var port in PodSpecDefaults.Objects(rule, "ports"))
                    port.Default("protocol", "TCP");
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        var path = FieldPath.Spec;
        LabelValidation.Selector(errors, spec.At("podSelector"), path.Child("podSelector"));
        foreach (var (rules, peers) in Directions)
        {
            var index = 0;
            foreach (var rule in spec.At(rules).Items())
            {
                var at = path.Child(rules).Index(index++);
                var portIndex = 0;
                foreach (var port in rule.At("ports").Items())
                    Port(errors, port, at.Child("ports").Index(portIndex++));
                var peerIndex = 0;
                foreach (var peer in rule.At(peers).Items())
                    Peer(errors, peer, at.Child(peers).Index(peerIndex++));
            }
        }
        var types = spec.At("policyTypes");
        if (types.Count() > 2)
        {
            errors.Invalid(path.Child("policyTypes"), types, "may not specify more than two policyTypes");
            return errors;
        }
        for (var i = 0; i < types.Count(); i++)
            if (types[i].Text("") is var type && type is not ("Ingress" or "Egress"))
                errors.NotSupported(path.Child("policyTypes").Index(i), type, "Ingress", "Egress");
        return errors;
    }

    private static void Port(FieldErrors errors, JsonElement port, FieldPath path)
    {
        if (port.At("protocol").Text() is { } protocol && protocol is not ("TCP" or "UDP" or "SCTP"))
            errors.NotSupported(path.Child("protocol"), protocol, "TCP", "UDP", "SCTP");
        var end = port.At("endPort").Integer();
        if (port.At("port").Integer() is { } number)
        {
            NumberRules.Port(errors, number, path.Child("port"));
            if (end is null)
                return;
            // The recorded server shows the port, not its end.
            if (end < number)
                errors.Invalid(path.Child("endPort"), number, "must be greater than or equal to `port`");
            NumberRules.Port(errors, end.Value, path.Child("endPort"));
        }
        else if (port.At("port").Text() is { } name)
        {
            if (end is not null)
                errors.Invalid(path.Child("endPort"), end.Value, "may not be specified when `port` is non-numeric");
            errors.InvalidEach(path.Child("port"), name, NameRules.PortName(name));
        }
        else if (end is not null)
        {
            errors.Invalid(path.Child("endPort"), end.Value, "may not be specified when `port` is not specified");
        }
    }

    private static void Peer(FieldErrors errors, JsonElement peer, FieldPath path)
    {
        var others = 0;
        foreach (var selector in (ReadOnlySpan<string>)["podSelector", "namespaceSelector"])
            if (peer.At(selector).Exists())
            {
                others++;
                LabelValidation.Selector(errors, peer.At(selector), path.Child(selector));
            }
        var block = peer.At("ipBlock");
        if (block.Exists())
            Block(errors, block, path.Child("ipBlock"));
        if (others == 0 && !block.Exists())
            errors.Required(path, "must specify a peer");
        else if (others > 0 && block.Exists())
            errors.Forbidden(path, "may not specify both ipBlock and another peer");
    }

    private static void Block(FieldErrors errors, JsonElement block, FieldPath path)
    {
        var text = block.At("cidr").Text("");
        if (text.Length == 0)
        {
            errors.Required(path.Child("cidr"));
            return;
        }
        if (!AddressRules.Range(errors, text, path.Child("cidr")) || AddressRules.ParseRange(text) is not { } range)
            return;
        var excepted = block.At("except");
        for (var i = 0; i < excepted.Count(); i++)
        {
            var at = path.Child("except").Index(i);
            var exceptText = excepted[i].Text("");
            if (AddressRules.Range(errors, exceptText, at) && AddressRules.ParseRange(exceptText) is { } except
                && (!range.Contains(except.BaseAddress) || range.PrefixLength >= except.PrefixLength))
                errors.Invalid(at, exceptText, "must be a strict subset of `cidr`");
        }
    }
}
