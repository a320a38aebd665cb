using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.FlowControl;

/// <summary>FlowSchemas (<c>pkg/apis/flowcontrol</c>): stored; the simulated API server queues nothing.</summary>
internal sealed class FlowSchemaStrategy : KindStrategy
{
    private const int PrecedenceDefault = 1000;
    private const int PrecedenceMax = 10_000;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        if (spec.Integer("matchingPrecedence") is null or 0)
            spec["matchingPrecedence"] = PrecedenceDefault;
        spec.Ensure("priorityLevelConfiguration").Default("name", "");
        @object.Ensure("status");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = new JsonObject();

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        var precedence = spec.At("matchingPrecedence").Integer(0);
        if (precedence <= 0)
            errors.Invalid(FieldPath.Spec.Child("matchingPrecedence"), precedence, "must be a positive value");
        if (precedence > PrecedenceMax)
            errors.Invalid(FieldPath.Spec.Child("matchingPrecedence"), precedence, $"must not be greater than {PrecedenceMax}");
        if (precedence == 1 && @object.At("metadata", "name").Text() != "exempt")
            errors.Invalid(FieldPath.Spec.Child("matchingPrecedence"), precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
        if (spec.At("distinguisherMethod").Exists() && spec.At("distinguisherMethod", "type").Text("") is var method && method is not ("ByNamespace" or "ByUser"))
            errors.NotSupported(FieldPath.Spec.Child("distinguisherMethod", "type"), method, "ByNamespace", "ByUser");
        var level = FieldPath.Spec.Child("priorityLevelConfiguration", "name");
        if (spec.At("priorityLevelConfiguration", "name").Text("") is { Length: > 0 } name)
            errors.InvalidEach(level, name, NameRules.DnsSubdomain(name));
        else
            errors.Required(level, "must reference a priority level");
        var index = 0;
        foreach (var rule in spec.At("rules").Items())
            Rule(errors, rule, FieldPath.Spec.Child("rules").Index(index++));
        return errors;
    }

    private static void Rule(FieldErrors errors, JsonElement rule, FieldPath path)
    {
        if (rule.At("subjects").Count() == 0)
            errors.Required(path.Child("subjects"), "subjects must contain at least one value");
        var index = 0;
        foreach (var subject in rule.At("subjects").Items())
        {
            var at = path.Child("subjects").Index(index++);
            var kind = subject.At("kind").Text("");
            if (kind is not ("Group" or "ServiceAccount" or "User"))
                errors.NotSupported(at.Child("kind"), kind, "Group", "ServiceAccount", "User");
            else if (!subject.At(char.ToLowerInvariant(kind[0]) + kind[1..]).Exists())
                errors.Required(at.Child(char.ToLowerInvariant(kind[0]) + kind[1..]), $"{char.ToLowerInvariant(kind[0]) + kind[1..]} is required when subject kind is '{kind}'");
        }
        if (rule.At("resourceRules").Count() == 0 && rule.At("nonResourceRules").Count() == 0)
            errors.Required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
    }
}
