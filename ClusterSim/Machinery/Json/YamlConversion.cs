using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ClusterSim.Machinery;

/// <summary>
/// YAML to JSON as sigs.k8s.io/yaml does it: YAML 1.1 booleans (<c>yes</c>, <c>on</c>), octal and hexadecimal integers, anchors, merge keys;
/// keys become strings. Sizes are bounded, so that a few aliases cannot make gigabytes.
/// </summary>
internal static partial class YamlConversion
{
    private const int EventsMax = 1_000_000;
    private const int NestingMax = 2 * JsonLimits.DepthMax;
    private const string Failed = "error converting YAML to JSON: yaml: ";

    /// <summary>The first document of a body as JSON; <c>null</c> where there is none.</summary>
    /// <param name="body">YAML in UTF-8; JSON is YAML.</param>
    /// <param name="strict">Where repeated keys are told; null where nobody asks.</param>
    /// <exception cref="DecodeException">It is no YAML, or expands beyond bounds.</exception>
    public static byte[] ToJson(ReadOnlyMemory<byte> body, List<string>? strict)
    {
        try
        {
            var parser = new Parser(new StringReader(Encoding.UTF8.GetString(body.Span)));
            parser.Consume<StreamStart>();
            return parser.Accept<StreamEnd>(out _) ? "null"u8.ToArray() : Document(parser, strict, out _);
        }
        catch (YamlException malformed)
        {
            throw new DecodeException(Failed + Complaint(malformed));
        }
        catch (InvalidOperationException)
        {
            // The scanner's own complaint about a flow that its brackets contradict: it names no place.
            throw new DecodeException($"{Failed}did not find expected node content");
        }
    }

    // go-yaml counts lines from zero where its parser complains, from one where its scanner does, and says nothing of the first.
    private static string Complaint(YamlException malformed)
    {
        var line = malformed.Start.Line - (malformed is SemanticErrorException ? 1 : 0);
        var told = malformed.Message.Split('\n')[0].TrimEnd('.');
        var clause = told.IndexOf(", ", StringComparison.Ordinal);
        if (told.StartsWith("While ", StringComparison.Ordinal) && clause > 0)
            told = told[(clause + 2)..];
        return line > 0 ? $"line {line}: {told}" : told;
    }

    /// <summary>Reads one document that the parser is at.</summary>
    internal static byte[] Document(IParser parser, List<string>? strict, out long line)
    {
        line = parser.Consume<DocumentStart>().Start.Line;
        var events = new List<ParsingEvent>();
        var depth = 0;
        while (depth > 0 || !parser.Accept<DocumentEnd>(out _))
        {
            events.Add(parser.Consume<ParsingEvent>());
            depth += events[^1].NestingIncrease;
            if (events.Count > EventsMax)
                throw new DecodeException($"{Failed}document is too large: more than {EventsMax} nodes");
            // The scanner's time grows with the square of the depth: stop it early.
            if (depth > NestingMax)
                throw new DecodeException($"{Failed}exceeded max depth");
        }
        parser.Consume<DocumentEnd>();
        if (events.Count > 0)
            line = events[0].Start.Line;
        return new Writing(events, strict).Run();
    }

    /// <summary>What a plain scalar is: null, a boolean, a number or a string. The JSON text, or null for a string.</summary>
    internal static string? Plain(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return "null";
            case "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                return "true";
            case "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                return "false";
        }
        if (text[0] is not ((>= '0' and <= '9') or '-' or '+' or '.'))
            return null;
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        if (Integer(digits) is { } integer)
            return integer;
        return FloatPattern().IsMatch(digits) && double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            ? real.ToString("R", CultureInfo.InvariantCulture)
            : null;
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex FloatPattern();

    private static string? Integer(string text)
    {
        var negative = text[0] == '-';
        var body = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        if (body.IsEmpty)
            return null;
        var (digits, radix) = body switch
        {
            ['0', 'x' or 'X', .. var hexadecimal] => (hexadecimal.ToString(), 16),
            ['0', 'b', .. var binary] => (binary.ToString(), 2),
            ['0', 'o', .. var octal] => (octal.ToString(), 8),
            ['0', _, ..] => (body[1..].ToString(), 8),
            _ => (body.ToString(), 10),
        };
        ulong value = 0;
        foreach (var letter in digits)
        {
            var digit = char.IsAsciiHexDigit(letter) ? Convert.ToInt32(letter.ToString(), 16) : 99;
            if (digit >= radix || value > (ulong.MaxValue - (ulong)digit) / (ulong)radix)
                return null;
            value = (value * (ulong)radix) + (ulong)digit;
        }
        if (digits.Length == 0 || (negative && value > 1UL << 63))
            return null;
        return (negative && value > 0 ? "-" : "") + value.ToString(CultureInfo.InvariantCulture);
    }

    private sealed class Writing(List<ParsingEvent> events, List<string>? strict)
    {
        private readonly ArrayBufferWriter<byte> _buffer = new(1024);
        private readonly Dictionary<string, int> _anchors = new(StringComparer.Ordinal);
        private readonly HashSet<int> _expanding = [];
        private int _written;

        public byte[] Run()
        {
            if (events.Count == 0)
                return "null"u8.ToArray();
            using (var writer = new Utf8JsonWriter(_buffer, JsonBuilding.WriterOptions))
                Node(0, writer, depth: 0);
            return _buffer.WrittenSpan.ToArray();
        }

        // Writes the node at an event; the answer is where the next one starts.
        private int Node(int at, Utf8JsonWriter writer, int depth)
        {
            if (++_written > EventsMax || depth > NestingMax)
                throw new DecodeException($"{Failed}document contains excessive aliasing or nesting");
            if (events[at] is NodeEvent { Anchor.IsEmpty: false } node)
                _anchors[node.Anchor.Value] = at;
            switch (events[at])
            {
                case AnchorAlias alias:
                    Follow(alias, target => Node(target, writer, depth + 1));
                    return at + 1;
                case Scalar scalar:
                    Value(scalar, writer);
                    return at + 1;
                case SequenceStart:
                    writer.WriteStartArray();
                    for (at++; events[at] is not SequenceEnd;)
                        at = Node(at, writer, depth + 1);
                    writer.WriteEndArray();
                    return at + 1;
                case MappingStart:
                    writer.WriteStartObject();
                    at = Fields(at + 1, writer, depth, new HashSet<string>(StringComparer.Ordinal));
                    writer.WriteEndObject();
                    return at;
                default:
                    throw new DecodeException($"{Failed}line {events[at].Start.Line}: unexpected {events[at].GetType().Name}");
            }
        }

        private int Fields(int at, Utf8JsonWriter writer, int depth, HashSet<string> seen)
        {
            // Merge keys (<<) give what the mapping itself does not say, so the mapping's own keys are gathered first.
            var merged = new List<int>();
            var own = new Dictionary<string, int>(StringComparer.Ordinal);
            while (events[at] is not MappingEnd)
            {
                if (events[at] is Scalar { Value: "<<", Style: ScalarStyle.Plain })
                {
                    merged.Add(at + 1);
                }
                else
                {
                    var key = Key(at);
                    if (own.ContainsKey(key))
                        strict?.Add($"yaml: unmarshal errors:\n  line {events[at].Start.Line}: key \"{key}\" already set in map");
                    own[key] = at + 1;
                }
                at = After(After(at));
            }
            foreach (var (key, value) in own)
            {
                if (!seen.Add(key))
                    continue;
                writer.WritePropertyName(key);
                Node(value, writer, depth + 1);
            }
            foreach (var source in merged)
                Merge(source, writer, depth + 1, seen);
            return at + 1;
        }

        private void Merge(int at, Utf8JsonWriter writer, int depth, HashSet<string> seen)
        {
            if (++_written > EventsMax || depth > NestingMax)
                throw new DecodeException($"{Failed}document contains excessive aliasing or nesting");
            switch (events[at])
            {
                case AnchorAlias alias:
                    Follow(alias, target => Merge(target, writer, depth + 1, seen));
                    break;
                case MappingStart:
                    Fields(at + 1, writer, depth, seen);
                    break;
                case SequenceStart:
                    for (at++; events[at] is not SequenceEnd; at = After(at))
                        Merge(at, writer, depth + 1, seen);
                    break;
                default:
                    throw new DecodeException($"{Failed}map merge requires map or sequence of maps as the value");
            }
        }

        private void Follow(AnchorAlias alias, Action<int> use)
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out var target) && !FindAnchor(alias.Value.Value, out target))
                throw new DecodeException($"{Failed}unknown anchor '{alias.Value.Value}' referenced");
            if (!_expanding.Add(target))
                throw new DecodeException($"{Failed}anchor '{alias.Value.Value}' value contains itself");
            use(target);
            _expanding.Remove(target);
        }

        private bool FindAnchor(string name, out int target)
        {
            target = events.FindIndex(found => found is NodeEvent { Anchor.IsEmpty: false } node && node.Anchor.Value == name);
            return target >= 0;
        }

        private int After(int at)
        {
            var depth = 0;
            do
            {
                if (events[at] is NodeEvent { Anchor.IsEmpty: false } node)
                    _anchors[node.Anchor.Value] = at;
                depth += events[at].NestingIncrease;
                at++;
            }
            while (depth > 0);
            return at;
        }

        private string Key(int at)
        {
            if (events[at] is AnchorAlias alias && FindAnchor(alias.Value.Value, out var target))
                at = target;
            if (events[at] is not Scalar scalar)
                throw new DecodeException($"{Failed}line {events[at].Start.Line}: a key must be a scalar, found {events[at].GetType().Name}");
            return Json(scalar) is { } plain && plain != "null" ? plain : scalar.Value;
        }

        private static string? Json(Scalar scalar)
        {
            if (!scalar.Tag.IsEmpty)
            {
                return scalar.Tag.Value switch
                {
                    "tag:yaml.org,2002:str" or "!" or "tag:yaml.org,2002:binary" => null,
                    _ => Plain(scalar.Value),
                };
            }
            return scalar.Style is ScalarStyle.Plain or ScalarStyle.Any ? Plain(scalar.Value) : null;
        }

        private static void Value(Scalar scalar, Utf8JsonWriter writer)
        {
            if (Json(scalar) is { } json)
                writer.WriteRawValue(json);
            else
                writer.WriteStringValue(scalar.Value);
        }
    }
}
