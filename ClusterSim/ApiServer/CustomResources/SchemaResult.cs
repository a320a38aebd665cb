namespace ClusterSim.CustomResources;

/// <summary>What came of checking a value: what is wrong, and how many checks were made, by which the closest of several alternatives is chosen (<c>validate.Result</c>).</summary>
internal sealed class SchemaResult
{
    /// <summary>What is wrong.</summary>
    public List<SchemaFailure> Failures { get; } = [];

    /// <summary>How many checks were made.</summary>
    public int MatchCount { get; private set; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsValid => Failures.Count == 0;

    /// <summary>Counts a check.</summary>
    public void Count() => MatchCount++;

    /// <summary>Takes another result in.</summary>
    public void Merge(SchemaResult? other)
    {
        if (other is null)
            return;
        Failures.AddRange(other.Failures);
        MatchCount += other.MatchCount;
    }
}

/// <summary>How a failure is told (<c>kubeOpenAPIResultToFieldErrors</c>).</summary>
internal enum FailureKind
{
    /// <summary>A rule of the value.</summary>
    Invalid,

    /// <summary>The value's type.</summary>
    Type,

    /// <summary>It is missing.</summary>
    Required,

    /// <summary>None of the values there are.</summary>
    Enum,

    /// <summary>Too many characters.</summary>
    TooLong,

    /// <summary>Too many items or fields.</summary>
    TooMany,

    /// <summary>A rule that joins others; it names no field.</summary>
    Junctor,
}

/// <summary>One thing wrong with a value.</summary>
/// <param name="Kind">How it is told.</param>
/// <param name="Name">The field's path.</param>
/// <param name="Value">The value as Go shows it.</param>
/// <param name="Message">What is wrong.</param>
internal sealed record SchemaFailure(FailureKind Kind, string Name, string Value, string Message)
{
    /// <summary>The values there are.</summary>
    public IReadOnlyList<string> Supported { get; init; } = [];

    /// <summary>How many there are.</summary>
    public long Actual { get; init; }

    /// <summary>How many there may be.</summary>
    public long Maximum { get; init; }

    /// <summary>Tells it as the error of a field below <paramref name="at"/>; null for the object itself.</summary>
    public void AddTo(FieldErrors errors, FieldPath? at)
    {
        if (Kind == FailureKind.Junctor)
        {
            errors.Invalid(at ?? FieldPath.Of("<nil>"), "", Message);
            return;
        }
        var name = Name.TrimStart('.');
        var path = name.Length == 0 ? at ?? FieldPath.Of("<nil>") : at?.Child(name) ?? FieldPath.Of(name);
        switch (Kind)
        {
            case FailureKind.Required:
                errors.Required(path);
                break;
            case FailureKind.Enum:
                errors.NotSupportedRendered(path, Value, [.. Supported]);
                break;
            case FailureKind.TooLong:
                errors.TooLong(path, (int)Maximum);
                break;
            case FailureKind.TooMany:
                errors.TooMany(path, (int)Actual, (int)Maximum);
                break;
            case FailureKind.Type:
                errors.TypeInvalidRendered(path, Value, Message);
                break;
            default:
                errors.Invalid(path, Value, Message, rendered: true);
                break;
        }
    }
}
