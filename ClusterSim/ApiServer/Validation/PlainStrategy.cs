using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation;

/// <summary>A kind without rules of its own beyond metadata's: kinds nobody writes by hand.</summary>
/// <param name="kind">The kind.</param>
internal sealed class PlainStrategy(GroupVersionKind kind) : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => kind;

    /// <inheritdoc/>
    public override NameRule NameRule => PlainNameRule;

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => IsUnconditional;

    /// <inheritdoc/>
    public override bool CountsGenerations => HasGenerations;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => HasStatus ? ["status"] : [];

    /// <summary>What its objects may be called.</summary>
    public NameRule PlainNameRule { get; init; } = NameRules.Subdomain;

    /// <summary>Whether a PUT without resourceVersion is taken.</summary>
    public bool IsUnconditional { get; init; } = true;

    /// <summary>Whether changes of its spec are counted.</summary>
    public bool HasGenerations { get; init; }

    /// <summary>Whether it has a status of its own.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Fields usable in a field selector.</summary>
    public IReadOnlyDictionary<string, Func<JsonElement, string>>? Selectable { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Selectable ?? base.SelectableFields;

    /// <summary>Fills in the kind's defaults; null for none.</summary>
    public Action<JsonObject>? Defaults { get; init; }

    /// <inheritdoc/>
    public override void Default(JsonObject @object) => Defaults?.Invoke(@object);

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        if (HasStatus)
            @object.Remove("status");
    }
}
