using System.Globalization;
using System.Text.Json.Nodes;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>Writes floating-point numbers as Go does.</summary>
internal static class GoNumber
{
    /// <summary>The number as <c>encoding/json</c> writes it: with an exponent below 1e-6 and from 1e21.</summary>
    public static JsonNode ToJson(double number)
    {
        var size = Math.Abs(number);
        var text = size != 0 && (size < 1e-6 || size >= 1e21) ? WithExponent(number, digits: 1) : number.ToString("0.#################################", CultureInfo.InvariantCulture);
        // The fixed format rounds to 15 digits; where that loses any, the shortest text that reads back is used.
        if (!text.Contains('e', StringComparison.Ordinal) && double.Parse(text, CultureInfo.InvariantCulture) != number)
            text = ((decimal)number).ToString(CultureInfo.InvariantCulture) is var exact && double.Parse(exact, CultureInfo.InvariantCulture) == number ? exact : number.ToString("R", CultureInfo.InvariantCulture);
        return JsonNode.Parse(text)!;
    }

    /// <summary>The number as goyaml.v2 writes it (<c>strconv</c>'s format <c>g</c>): with an exponent below 1e-4 and from 1e21.</summary>
    public static string ToYaml(double number)
    {
        var size = Math.Abs(number);
        return size != 0 && (size < 1e-4 || size >= 1e21) ? WithExponent(number, digits: 2) : ToJson(number).ToJsonString();
    }

    private static string WithExponent(double number, int digits)
    {
        var shortest = number.ToString("E16", CultureInfo.InvariantCulture);
        for (var precision = 0; precision < 17; precision++)
        {
            var candidate = number.ToString("E" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (double.Parse(candidate, CultureInfo.InvariantCulture) == number)
            {
                shortest = candidate;
                break;
            }
        }
        var at = shortest.IndexOf('E', StringComparison.Ordinal);
        var exponent = int.Parse(shortest[(at + 1)..], CultureInfo.InvariantCulture);
        return $"{shortest[..at]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString(new string('0', digits), CultureInfo.InvariantCulture)}";
    }
}
