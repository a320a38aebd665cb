namespace ClusterSim.Machinery;

/// <summary>One broken rule of one field: <c>field.Error</c> of apimachinery, with its words.</summary>
/// <param name="Reason">The cause's reason, such as <c>FieldValueInvalid</c>.</param>
/// <param name="Field">The path, such as <c>spec.containers[0].image</c>.</param>
/// <param name="Detail">What is wrong, such as <c>Required value</c> or <c>Invalid value: -1: must be greater than or equal to 0</c>.</param>
internal readonly record struct FieldError(string Reason, string Field, string Detail)
{
    /// <summary>As it stands in a message.</summary>
    public override string ToString() => $"{Field}: {Detail}";
}
