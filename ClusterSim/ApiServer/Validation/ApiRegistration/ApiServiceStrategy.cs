using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.ApiRegistration;

/// <summary>APIServices (<c>kube-aggregator/pkg/apis/apiregistration</c>).</summary>
internal sealed class ApiServiceStrategy : KindStrategy
{
    private const int PortDefault = 443;
    private const int GroupPriorityMax = 20_000;
    private const int VersionPriorityMax = 1000;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("apiregistration.k8s.io", "v1", "APIService");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        if (@object.Ensure("spec")["service"] is JsonObject service)
            service.Default("port", PortDefault);
        @object.Ensure("status");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = new JsonObject();

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        var (name, group, version) = (@object.At("metadata", "name").Text(""), spec.At("group").Text(""), spec.At("version").Text(""));
        if (name != $"{version}.{group}")
            errors.Invalid(FieldPath.Metadata.Child("name"), name, $"must be `spec.version+\".\"+spec.group`: {GoText.Quote($"{version}.{group}")}");
        if (group.Length > 0)
            errors.InvalidEach(FieldPath.Spec.Child("group"), group, NameRules.DnsSubdomain(group));
        errors.InvalidEach(FieldPath.Spec.Child("version"), version, NameRules.Dns1035Label(version));
        var priority = spec.At("groupPriorityMinimum").Integer(0);
        if (priority is <= 0 or > GroupPriorityMax)
            errors.Invalid(FieldPath.Spec.Child("groupPriorityMinimum"), priority, "must be positive and less than 20000");
        var order = spec.At("versionPriority").Integer(0);
        if (order is <= 0 or > VersionPriorityMax)
            errors.Invalid(FieldPath.Spec.Child("versionPriority"), order, "must be positive and less than 1000");
        var (service, bundle) = (spec.At("service"), spec.At("caBundle").Text("").Length > 0);
        var insecure = spec.At("insecureSkipTLSVerify").Flag(false);
        if (!service.Exists())
        {
            if (bundle)
                errors.Invalid(FieldPath.Spec.Child("caBundle"), $"{spec.At("caBundle").Text("").Length} bytes", "local APIServices may not have a caBundle");
            if (insecure)
                errors.Invalid(FieldPath.Spec.Child("insecureSkipTLSVerify"), true, "local APIServices may not have insecureSkipTLSVerify");
            return errors;
        }
        var path = FieldPath.Spec.Child("service");
        if (service.At("namespace").Text("").Length == 0)
            errors.Required(path.Child("namespace"));
        if (service.At("name").Text("").Length == 0)
            errors.Required(path.Child("name"));
        if (service.At("port").Integer() is { } port and (< 1 or > ushort.MaxValue))
            errors.Invalid(path.Child("port"), port, "port is not valid: " + NameRules.OutOfRange(1, ushort.MaxValue));
        if (bundle && insecure)
            errors.Invalid(FieldPath.Spec.Child("insecureSkipTLSVerify"), true, "may not be true if caBundle is present");
        return errors;
    }
}
