using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Faults.Schedules;

namespace Harness.Chaos;

/// <summary>The fields of a schedule file, or of one of its objects. Errors name the field, the value found and the value expected.</summary>
public sealed class ScheduleFields
{
    private readonly JsonObject _fields;
    private readonly string _prefix;

    /// <summary>The fields of a file.</summary>
    /// <param name="fields">The file's object.</param>
    /// <param name="source">The name of the file, for errors.</param>
    public ScheduleFields(JsonObject fields, string source)
        : this($"{source}: ", fields)
    {
    }

    private ScheduleFields(string prefix, JsonObject fields) => (_prefix, _fields) = (prefix, fields);

    /// <summary>Reads a whole number.</summary>
    /// <param name="name">The field.</param>
    /// <param name="absent">The value where the field is absent.</param>
    /// <param name="min">The least value allowed.</param>
    /// <param name="max">The greatest value allowed.</param>
    /// <exception cref="FormatException">The field is anything else.</exception>
    public int Whole(string name, int absent, int min, int max) => _fields[name] switch
    {
        null => absent,
        var node when node.GetValueKind() == JsonValueKind.Number && int.TryParse(node.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max => number,
        var other => throw new FormatException($"{_prefix}{name}: found {other.ToJsonString()}, should be a whole number from {min} to {max}"),
    };

    /// <summary>Reads a span with its unit, such as <c>250ms</c>.</summary>
    /// <exception cref="FormatException">The field is absent or anything else.</exception>
    public TimeSpan Duration(string name) => FaultScheduleYaml.ReadDuration(_fields[name], _prefix + name);

    /// <summary>Reads a list of objects; null where the field is absent.</summary>
    /// <param name="name">The field.</param>
    /// <param name="allowed">The fields that each object may have.</param>
    /// <param name="example">An object as it should be, for errors.</param>
    /// <exception cref="FormatException">The field is no list, or an entry has other fields.</exception>
    public IReadOnlyList<ScheduleFields>? List(string name, IReadOnlyList<string> allowed, string example)
    {
        if (_fields[name] is not { } node)
            return null;
        if (node is not JsonArray list)
            throw new FormatException($"{_prefix}{name}: found {node.ToJsonString()}, should be a list of {example}");
        return [.. list.Select((entry, index) =>
        {
            var at = $"{_prefix}{name}[{index}]";
            return entry is JsonObject found && found.All(field => allowed.Contains(field.Key))
                ? new ScheduleFields($"{at}.", found)
                : throw new FormatException($"{at}: found {entry?.ToJsonString() ?? "nothing"}, should be {example}");
        })];
    }
}
