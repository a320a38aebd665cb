using System.Text.Json;
using ClusterSim.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Harness.Kube;

/// <summary>JSON as YAML, as <c>kubectl get -o yaml</c> prints it: fields in alphabetical order, strings quoted only where they must be.</summary>
public static class YamlPrinter
{
    /// <summary>The text, with a line end.</summary>
    public static string Print(JsonElement value)
    {
        var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(Node(value))).Save(text, assignAnchors: false);
        var written = text.ToString();
        return written.EndsWith("...\n", StringComparison.Ordinal) ? written[..^4] : written;
    }

    private static YamlNode Node(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var map = new YamlMappingNode();
                foreach (var field in value.Fields().OrderBy(field => field.Name, StringComparer.Ordinal))
                    map.Add(Scalar(field.Name), Node(field.Value));
                if (map.Children.Count == 0)
                    map.Style = YamlDotNet.Core.Events.MappingStyle.Flow;
                return map;
            case JsonValueKind.Array:
                var list = new YamlSequenceNode(value.Items().Select(Node));
                if (list.Children.Count == 0)
                    list.Style = YamlDotNet.Core.Events.SequenceStyle.Flow;
                return list;
            case JsonValueKind.String:
                return Scalar(value.GetString()!);
            case JsonValueKind.Null or JsonValueKind.Undefined:
                return new YamlScalarNode("null");
            default:
                return new YamlScalarNode(value.GetRawText());
        }
    }

    /// <summary>Quoted where YAML would read something else than this text.</summary>
    private static YamlScalarNode Scalar(string text) => new(text)
    {
        Style = text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.Literal
            : text.Length == 0 || double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _) || DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _)
                || text.ToLowerInvariant() is "true" or "false" or "null" or "~" or "yes" or "no" or "on" or "off" or "y" or "n" ? ScalarStyle.DoubleQuoted
            : ScalarStyle.Any,
    };
}
