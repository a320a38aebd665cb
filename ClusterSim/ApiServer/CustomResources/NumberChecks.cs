using System.Globalization;
using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>The rules of numbers: range of the format, multiples, bounds (<c>numberValidator</c>). Go reads a literal without fraction as int64.</summary>
internal static class NumberChecks
{
    /// <summary>Whether Go reads it as an integer.</summary>
    public static bool IsInteger(JsonElement number) => number.TryGetInt64(out _) && !number.GetRawText().AsSpan().ContainsAny('.', 'e', 'E');

    /// <summary>What is wrong with a number.</summary>
    public static SchemaResult Check(StructuralSchema schema, JsonElement number, string path)
    {
        var result = new SchemaResult();
        var isInteger = IsInteger(number);
        var value = number.GetDouble();
        var whole = isInteger ? number.GetInt64() : 0;
        var shown = number.GetRawText();
        if (OutOfRange(schema, number, isInteger, value) is { } complaint)
            result.Failures.Add(new SchemaFailure(FailureKind.Junctor, "", "\"\"", $"Checked value must be of type {complaint} in {path}"));
        if (schema.MultipleOf is { } factor)
        {
            if (factor <= 0 || (isInteger && (long)factor == 0))
                Add($"factor MultipleOf declared for {path} must be positive: {Text(factor, isInteger)}", raw: true);
            else if (isInteger ? whole % (long)factor != 0 : !double.IsInteger(factor < 1 ? 1 / factor * value : value / factor))
                Add($"should be a multiple of {Text(factor, isInteger)}");
        }
        if (schema.Minimum is { } least && (isInteger ? Below(whole, (long)least, schema.ExclusiveMinimum) : schema.ExclusiveMinimum ? value <= least : value < least))
            Add($"should be greater than {(schema.ExclusiveMinimum ? "" : "or equal to ")}{Text(least, isInteger)}");
        if (schema.Maximum is { } most && (isInteger ? Below(-whole, -(long)most, schema.ExclusiveMaximum) : schema.ExclusiveMaximum ? value >= most : value > most))
            Add($"should be less than {(schema.ExclusiveMaximum ? "" : "or equal to ")}{Text(most, isInteger)}");
        result.Count();
        return result;

        void Add(string what, bool raw = false) => result.Failures.Add(new SchemaFailure(FailureKind.Invalid, path, shown, raw ? what : $"{path} in body {what}"));
    }

    private static bool Below(long value, long bound, bool exclusive) => exclusive ? value <= bound : value < bound;

    private static string? OutOfRange(StructuralSchema schema, JsonElement number, bool isInteger, double value)
    {
        if (schema.IsIntOrString)
            return null;
        return schema.Type switch
        {
            "integer" when schema.Format == "int32" => isInteger && !number.TryGetInt32(out _) ? "integer with format int32" : null,
            "integer" when !isInteger && Math.Abs(value) >= 9.3e18 => schema.Format.Length == 0 ? "integer (default format)" : $"integer with format {schema.Format}",
            "number" when schema.Format == "float" && double.IsFinite(value) && !float.IsFinite((float)value) => "number with format float",
            _ => null,
        };
    }

    // Bounds are told as the value is: whole for a whole number.
    private static string Text(double bound, bool isInteger) =>
        isInteger ? ((long)bound).ToString(CultureInfo.InvariantCulture) : bound.ToString("R", CultureInfo.InvariantCulture);
}
