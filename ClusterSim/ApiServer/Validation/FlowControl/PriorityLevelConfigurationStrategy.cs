using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.FlowControl;

/// <summary>PriorityLevelConfigurations (<c>pkg/apis/flowcontrol</c>): stored; the simulated API server queues nothing.</summary>
internal sealed class PriorityLevelConfigurationStrategy : KindStrategy
{
    private const int SharesDefault = 30;
    private const int PercentMax = 100;
    private const int QueuesDefault = 64;
    private const int HandSizeDefault = 8;
    private const int QueueLengthLimitDefault = 50;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration");

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
        @object.Ensure("status");
        if (spec.Text("type") == "Exempt")
        {
            spec.Ensure("exempt").Default("nominalConcurrencyShares", 0);
            spec.Ensure("exempt").Default("lendablePercent", 0);
        }
        if (spec["limited"] is not JsonObject limited)
            return;
        limited.Default("nominalConcurrencyShares", SharesDefault);
        limited.Default("lendablePercent", 0);
        if ((limited["limitResponse"] as JsonObject)?["queuing"] is not JsonObject queuing)
            return;
        NotZero(queuing, "handSize", HandSizeDefault);
        NotZero(queuing, "queues", QueuesDefault);
        NotZero(queuing, "queueLengthLimit", QueueLengthLimitDefault);
    }

    // No pointers in Go: zero is what was not sent.
    private static void NotZero(JsonObject queuing, string name, int @default)
    {
        if (queuing.Integer(name) is null or 0)
            queuing[name] = @default;
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = new JsonObject();

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        var type = spec.At("type").Text("");
        switch (type)
        {
            case "Exempt":
                if (spec.At("limited").Exists())
                    errors.Forbidden(FieldPath.Spec.Child("limited"), "must be nil if the type is not Limited");
                break;
            case "Limited":
                if (spec.At("exempt").Exists())
                    errors.Forbidden(FieldPath.Spec.Child("exempt"), "must be nil if the type is Limited");
                if (spec.At("limited").Exists())
                    Limited(errors, spec.At("limited"), FieldPath.Spec.Child("limited"));
                else
                    errors.Required(FieldPath.Spec.Child("limited"), "must not be empty when type is Limited");
                break;
            default:
                errors.NotSupported(FieldPath.Spec.Child("type"), type, "Exempt", "Limited");
                break;
        }
        return errors;
    }

    private static void Limited(FieldErrors errors, JsonElement limited, FieldPath path)
    {
        var shares = limited.At("nominalConcurrencyShares").Integer(0);
        if (shares < 0)
            errors.Invalid(path.Child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
        var lendable = limited.At("lendablePercent").Integer(0);
        if (lendable is < 0 or > PercentMax)
            errors.Invalid(path.Child("lendablePercent"), lendable, "must be between 0 and 100, inclusive");
        var (response, at) = (limited.At("limitResponse"), path.Child("limitResponse"));
        switch (response.At("type").Text(""))
        {
            case "Reject":
                if (response.At("queuing").Exists())
                    errors.Forbidden(at.Child("queuing"), "must be nil if limited.limitResponse.type is not Limited");
                break;
            case "Queue":
                if (!response.At("queuing").Exists())
                    errors.Required(at.Child("queuing"), "must not be empty if limited.limitResponse.type is Limited");
                else
                    Queuing(errors, response.At("queuing"), at.Child("queuing"));
                break;
            case var other:
                errors.NotSupported(at.Child("type"), other, "Queue", "Reject");
                break;
        }
    }

    private static void Queuing(FieldErrors errors, JsonElement queuing, FieldPath path)
    {
        var (hand, queues, length) = (queuing.At("handSize").Integer(0), queuing.At("queues").Integer(0), queuing.At("queueLengthLimit").Integer(0));
        if (length <= 0)
            errors.Invalid(path.Child("queueLengthLimit"), length, "must be positive");
        if (queues <= 0)
            errors.Invalid(path.Child("queues"), queues, "must be positive");
        if (hand <= 0)
            errors.Invalid(path.Child("handSize"), hand, "must be positive");
        if (hand > queues)
            errors.Invalid(path.Child("handSize"), hand, $"should not be greater than queues ({queues})");
    }
}
