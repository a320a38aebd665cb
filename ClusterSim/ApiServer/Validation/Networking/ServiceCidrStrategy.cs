using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Networking;

/// <summary>ServiceCIDRs: ranges that Services' addresses come from. Stored; the simulated cluster's own range is an option of it.</summary>
internal sealed class ServiceCidrStrategy : KindStrategy
{
    private static readonly FieldPath Path = FieldPath.Spec.Child("cidrs");

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("networking.k8s.io", "v1", "ServiceCIDR");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object.Remove("status");

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Ranges(errors, @object.At("spec"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var (now, before) = (@object.At("spec", "cidrs"), old.At("spec", "cidrs"));
        // A second family may come beside the first; nothing else changes.
        var isExtended = before.Count() == 1 && now.Count() == 2;
        if (now.Count() != before.Count() && !isExtended)
        {
            errors.Invalid(Path, now, "field is immutable");
            return errors;
        }
        for (var i = 0; i < before.Count(); i++)
            if (now[i].Text() != before[i].Text())
                errors.Invalid(Path.Index(i), now[i].Text(""), "field is immutable");
        if (isExtended)
            Ranges(errors, @object.At("spec"));
        return errors;
    }

    private static void Ranges(FieldErrors errors, JsonElement spec)
    {
        var ranges = spec.At("cidrs");
        if (ranges.Count() == 0)
        {
            errors.Required(Path, "at least one CIDR required");
            return;
        }
        if (ranges.Count() > 2)
        {
            errors.Invalid(Path, spec, "may only hold up to 2 values");
            return;
        }
        for (var i = 0; i < ranges.Count(); i++)
            if (AddressRules.StrictRange(ranges[i].Text("")) is { } wrong)
                errors.Invalid(Path.Index(i), ranges[i].Text(""), wrong);
        if (ranges.Count() == 2 && AddressRules.ParseRange(ranges[0].Text("")) is { } first && AddressRules.ParseRange(ranges[1].Text("")) is { } second
            && first.BaseAddress.AddressFamily == second.BaseAddress.AddressFamily)
            errors.Invalid(Path, ranges, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64");
    }
}
