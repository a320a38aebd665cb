using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>
/// Writes JSON as YAML, byte for byte as sigs.k8s.io/yaml does: sorted fields, strings quoted where YAML 1.1 would read something else, lines folded after
/// 80 columns.
/// </summary>
internal sealed class YamlWriter
{
    private const int Width = 80;
    private const int Step = 2;
    private const int SimpleKeyLengthMax = 128;

    private readonly StringBuilder _text = new();
    private int _lineStart;

    private YamlWriter()
    {
    }

    /// <summary>Returns the documents, with <c>---</c> between them.</summary>
    public static string Write(IEnumerable<JsonObject> documents) => string.Join("---\n", documents.Select(Write));

    private static string Write(JsonObject document)
    {
        var writer = new YamlWriter();
        if (document.Count == 0)
            writer._text.Append("{}");
        else
            writer.Map(document, indent: 0, isInline: true);
        return writer._text.Append('\n').ToString();
    }

    private void Map(JsonObject map, int indent, bool isInline)
    {
        foreach (var (key, value) in map.OrderBy(field => field.Key, KeyOrder.Instance))
        {
            if (!isInline)
                Line(indent);
            isInline = false;
            var isSimple = key.Length <= SimpleKeyLengthMax && !key.Contains('\n', StringComparison.Ordinal);
            if (!isSimple)
                _text.Append("? ");
            Text(key, indent + Step, isSimple);
            if (!isSimple)
                Line(indent);
            _text.Append(':');
            Value(value, indent);
        }
    }

    // The value of a field: lists start at the column of the field itself.
    private void Value(JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                Map(map, indent + Step, isInline: false);
                break;
            case JsonArray { Count: > 0 } list:
                List(list, indent, isInline: false);
                break;
            default:
                _text.Append(' ');
                Scalar(value, indent + Step);
                break;
        }
    }

    private void List(JsonArray list, int indent, bool isInline)
    {
        foreach (var item in list)
        {
            if (!isInline)
                Line(indent);
            isInline = false;
            _text.Append("- ");
            switch (item)
            {
                case JsonObject { Count: > 0 } map:
                    Map(map, indent + Step, isInline: true);
                    break;
                case JsonArray { Count: > 0 } inner:
                    List(inner, indent + Step, isInline: true);
                    break;
                default:
                    Scalar(item, indent + Step);
                    break;
            }
        }
    }

    private void Scalar(JsonNode? value, int indent)
    {
        switch (value)
        {
            case null:
                _text.Append("null");
                break;
            case JsonObject:
                _text.Append("{}");
                break;
            case JsonArray:
                _text.Append("[]");
                break;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String:
                Text(text.GetValue<string>(), indent, isKey: false);
                break;
            case JsonValue number when number.GetValueKind() == JsonValueKind.Number && number.ToJsonString() is var json:
                _text.Append(json.AsSpan().IndexOfAny(".eE") < 0 ? json : GoNumber.ToYaml(double.Parse(json, CultureInfo.InvariantCulture)));
                break;
            default:
                _text.Append(value.ToJsonString());
                break;
        }
    }

    private void Text(string text, int indent, bool isKey)
    {
        var allowed = ScalarAnalysis.Of(text);
        if (text.Contains('\n', StringComparison.Ordinal) && allowed.AllowsBlock && !isKey)
            Literal(text, indent);
        else if (text.Contains('\n', StringComparison.Ordinal) || !IsString(text))
            DoubleQuoted(text, indent, isKey);
        else if (allowed.AllowsPlain)
            Folded(text, indent, isKey, isQuoted: false);
        else if (allowed.AllowsSingleQuotes)
            Folded(text, indent, isKey, isQuoted: true);
        else
            DoubleQuoted(text, indent, isKey);
    }

    // Spaces become line ends beyond the width, but for those beside other spaces, and in quotes those at the ends.
    private void Folded(string text, int indent, bool isKey, bool isQuoted)
    {
        if (isQuoted)
            _text.Append('\'');
        for (var i = 0; i < text.Length; i++)
        {
            var folds = text[i] == ' ' && !isKey && Column > Width && i > 0 && i < text.Length - 1 && text[i - 1] != ' ' && text[i + 1] != ' ';
            if (folds)
                Line(indent);
            else
                _text.Append(isQuoted && text[i] == '\'' ? "''" : text[i].ToString());
        }
        if (isQuoted)
            _text.Append('\'');
    }

    private void DoubleQuoted(string text, int indent, bool isKey)
    {
        _text.Append('"');
        var at = 0;
        var afterSpace = false;
        foreach (var rune in text.EnumerateRunes())
        {
            var isLast = at + rune.Utf16SequenceLength >= text.Length;
            if (rune.Value == ' ' && !isKey && !afterSpace && Column > Width && at > 0 && !isLast)
            {
                Line(indent);
                if (text[at + 1] == ' ')
                    _text.Append('\\');
            }
            else if (!rune.IsBmp || !ScalarAnalysis.IsPrintable((char)rune.Value) || rune.Value is '\n' or '"' or '\\')
            {
                _text.Append(ScalarAnalysis.Escape(rune));
            }
            else
            {
                _text.Append((char)rune.Value);
            }
            afterSpace = rune.Value == ' ';
            at += rune.Utf16SequenceLength;
        }
        _text.Append('"');
    }

    private void Literal(string text, int indent)
    {
        _text.Append('|');
        if (text[0] is ' ' or '\n')
            _text.Append(Step);
        if (text[^1] != '\n')
            _text.Append('-');
        else if (text.Length == 1 || text[^2] == '\n')
            _text.Append('+');
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (i == lines.Length - 1 && lines[i].Length == 0)
                break;
            if (lines[i].Length == 0)
                Line(0);
            else
                Line(indent);
            _text.Append(lines[i]);
        }
    }

    private int Column => _text.Length - _lineStart;

    private void Line(int indent)
    {
        _text.Append('\n');
        _lineStart = _text.Length;
        _text.Append(' ', indent);
    }

    private static bool IsString(string text) =>
        ScalarResolver.Resolve(text) == ScalarTag.Str && !ScalarResolver.IsYaml11Bool(text) && !ScalarResolver.IsBase60(text) && text != "<<";
}
