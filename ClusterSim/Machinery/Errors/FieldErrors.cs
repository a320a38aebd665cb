using System.Collections;
using System.Text.Json;

namespace ClusterSim.Machinery;

/// <summary>
/// The broken rules of one object, in the order they were found: <c>field.ErrorList</c>. Its methods are apimachinery's error
/// constructors (<c>k8s.io/apimachinery/pkg/util/validation/field/errors.go</c>) and the only place where their words stand.
/// </summary>
internal sealed class FieldErrors : IReadOnlyList<FieldError>
{
    private readonly List<FieldError> _errors = [];

    /// <inheritdoc/>
    public int Count => _errors.Count;

    /// <inheritdoc/>
    public FieldError this[int index] => _errors[index];

    /// <summary>A value that must be there is not.</summary>
    public void Required(FieldPath path, string detail = "") => Add("FieldValueRequired", path, "Required value", detail);

    /// <summary>A string breaks a rule.</summary>
    public void Invalid(FieldPath path, string value, string detail) => Invalid(path, GoText.Quote(value), detail, rendered: true);

    /// <summary>A number breaks a rule.</summary>
    public void Invalid(FieldPath path, long value, string detail) => Invalid(path, value.ToString(), detail, rendered: true);

    /// <summary>A flag breaks a rule.</summary>
    public void Invalid(FieldPath path, bool value, string detail) => Invalid(path, value ? "true" : "false", detail, rendered: true);

    /// <summary>Any value breaks a rule.</summary>
    public void Invalid(FieldPath path, JsonElement value, string detail) => Invalid(path, GoText.Render(value), detail, rendered: true);

    /// <summary>A value that is <paramref name="rendered"/> as Go would show it breaks a rule.</summary>
    public void Invalid(FieldPath path, string value, string detail, bool rendered) =>
        Add("FieldValueInvalid", path, $"Invalid value: {(rendered ? value : GoText.Quote(value))}", detail);

    /// <summary>Something is wrong with a value that is not shown.</summary>
    public void InvalidOmitted(FieldPath path, string detail) => Add("FieldValueInvalid", path, "Invalid value", detail);

    /// <summary>Each message of a format's rule, for the value that breaks it.</summary>
    public void InvalidEach(FieldPath path, string value, IReadOnlyList<string> messages)
    {
        for (var i = 0; i < messages.Count; i++)
            Invalid(path, value, messages[i]);
    }

    /// <summary>A value's type is wrong; the value is shown as given.</summary>
    public void TypeInvalidRendered(FieldPath path, string rendered, string detail) =>
        Add("FieldValueTypeInvalid", path, $"Invalid value: {rendered}", detail);

    /// <summary>Not one of the values there are.</summary>
    public void NotSupported(FieldPath path, string value, params ReadOnlySpan<string> supported) => NotSupportedRendered(path, GoText.Quote(value), supported);

    /// <summary>Not one of the values there are; the value is shown as given.</summary>
    public void NotSupportedRendered(FieldPath path, string rendered, params ReadOnlySpan<string> supported)
    {
        var quoted = new string[supported.Length];
        for (var i = 0; i < quoted.Length; i++)
            quoted[i] = GoText.Quote(supported[i]);
        Add("FieldValueNotSupported", path, $"Unsupported value: {rendered}", quoted.Length == 0 ? "" : $"supported values: {string.Join(", ", quoted)}");
    }

    /// <summary>There already.</summary>
    public void Duplicate(FieldPath path, string value) => DuplicateRendered(path, GoText.Quote(value));

    /// <inheritdoc cref="Duplicate(FieldPath, string)"/>
    public void Duplicate(FieldPath path, long value) => DuplicateRendered(path, value.ToString());

    /// <summary>There already; the value is shown as given.</summary>
    public void DuplicateRendered(FieldPath path, string rendered, string detail = "") =>
        Add("FieldValueDuplicate", path, $"Duplicate value: {rendered}", detail);

    /// <summary>Not allowed here, or not now.</summary>
    public void Forbidden(FieldPath path, string detail) => Add("FieldValueForbidden", path, "Forbidden", detail);

    /// <summary>What it names is not there.</summary>
    public void NotFound(FieldPath path, string value, string detail = "") => Add("FieldValueNotFound", path, $"Not found: {GoText.Quote(value)}", detail);

    /// <summary>More bytes than allowed.</summary>
    public void TooLong(FieldPath path, int maximumBytes) => Add("FieldValueTooLong", path, "Too long", $"may not be more than {maximumBytes} bytes");

    /// <summary>More items than allowed.</summary>
    public void TooMany(FieldPath path, int actual, int maximum) =>
        Add("FieldValueTooMany", path, $"Too many: {actual}", $"must have at most {maximum} items");

    /// <summary>What other rules found.</summary>
    public void AddRange(IEnumerable<FieldError> others) => _errors.AddRange(others);

    /// <inheritdoc/>
    public IEnumerator<FieldError> GetEnumerator() => _errors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Add(string reason, FieldPath path, string body, string detail) =>
        _errors.Add(new FieldError(reason, path.ToString(), detail.Length == 0 ? body : $"{body}: {detail}"));
}
