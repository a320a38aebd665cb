using System.Text.Json;
using System.Text.Json.Serialization;

namespace PactNet.Matchers;

/// <summary>An example, and what else will do.</summary>
[JsonConverter(typeof(MatcherConverter))]
public interface IMatcher
{
    /// <summary>The rule's name in Pact's specification.</summary>
    string Type { get; }

    /// <summary>The example.</summary>
    object? Value { get; }
}

/// <summary>A rule with its parameters.</summary>
[JsonConverter(typeof(MatcherConverter))]
internal sealed record Rule(string Type, object? Value, params (string Name, object Value)[] Parameters) : IMatcher
{
    /// <summary>Null has no example.</summary>
    public bool HasValue => Type != "null";
}

/// <summary>Writes a matcher as the core reads it within bodies and headers.</summary>
internal sealed class MatcherConverter : JsonConverter<IMatcher>
{
    /// <summary>Also where a matcher is known as an object only, as in a body of anonymous types.</summary>
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsAssignableTo(typeof(IMatcher));

    public override IMatcher Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("matchers are written, never read");

    public override void Write(Utf8JsonWriter writer, IMatcher value, JsonSerializerOptions options)
    {
        if (value is not Rule rule)
            throw new NotSupportedException($"{value.GetType()}: PactNet's stand-in knows the matchers that Match makes; docs/stand-ins.md lists them");
        writer.WriteStartObject();
        writer.WriteString("pact:matcher:type", rule.Type);
        if (rule.HasValue)
        {
            writer.WritePropertyName("value");
            JsonSerializer.Serialize(writer, rule.Value, options);
        }

        foreach (var (name, parameter) in rule.Parameters)
        {
            writer.WritePropertyName(name);
            JsonSerializer.Serialize(writer, parameter, options);
        }

        writer.WriteEndObject();
    }
}
