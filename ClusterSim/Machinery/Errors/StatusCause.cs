namespace ClusterSim;

/// <summary>One cause of an API error (<c>StatusCause</c> of meta/v1), such as a field that breaks a rule.</summary>
/// <param name="Reason">The machine-readable reason, such as <c>FieldValueRequired</c>; null where the API gives none.</param>
/// <param name="Message">What is wrong, such as <c>Required value</c>.</param>
/// <param name="Field">The path of the field, such as <c>spec.containers[0].image</c>; null where the cause is no field.</param>
public sealed record StatusCause(string? Reason, string Message, string? Field);
