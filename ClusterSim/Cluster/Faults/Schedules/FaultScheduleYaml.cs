using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Faults.Schedules;

/// <summary>Reads and writes the faults of a schedule. The format is docs/chaos.md's; what it does not know is an error that says what would be right.</summary>
public static class FaultScheduleYaml
{
    private static readonly string[] Doses = ["count", "skip", "chance", "seed"];

    private static readonly Dictionary<FaultKind, (string[] Required, string[] Optional)> Fields = new()
    {
        [FaultKind.Partition] = (["from", "to"], ["direction"]),
        [FaultKind.Delay] = (["from", "to", "by"], ["jitter", "seed"]),
        [FaultKind.Trickle] = (["from", "to", "bytesPerSecond"], []),
        [FaultKind.DropAnswers] = (["from", "to"], Doses),
        [FaultKind.ResetAnswers] = (["from", "to", "afterBytes"], Doses),
        [FaultKind.Answer] = (["from", "to", "status"], ["body", "carriedOut", "holding", .. Doses]),
        [FaultKind.SkewClock] = (["pods", "by"], []),
        [FaultKind.KillPod] = (["pods"], []),
        [FaultKind.StopNode] = (["node"], []),
        [FaultKind.StopServer] = (["server"], []),
    };

    /// <summary>A kind's name as files have it.</summary>
    public static string NameOf(FaultKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    /// <summary>Reads the list under <c>faults</c>.</summary>
    /// <param name="list">The list; null: none.</param>
    /// <param name="place">Where it stands, for errors: <c>schedule.yaml: faults</c>.</param>
    /// <exception cref="FormatException">It says what it may not; the message names the entry, the field, what was found and what would be right.</exception>
    public static IReadOnlyList<ScheduledFault> Read(JsonNode? list, string place)
    {
        if (list is null)
            return [];
        if (list is not JsonArray entries)
            throw new FormatException($"{place}: found {Shown(list)}, should be a list");
        return [.. entries.Select((entry, index) => ReadOne(entry, $"{place}[{index}]")).OrderBy(fault => fault.At)];
    }

    /// <summary>Writes faults as <see cref="Read"/> reads them: the lines of a list.</summary>
    public static string Write(IEnumerable<ScheduledFault> faults)
    {
        var text = new StringBuilder();
        foreach (var fault in faults)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - at: {Duration(fault.At)}\n");
            if (fault.For is { } span)
                text.Append(CultureInfo.InvariantCulture, $"    for: {Duration(span)}\n");
            var fields = FieldsOf(fault).Select(field => $"{field.Name}: {(field.IsText ? JsonSerializer.Serialize(field.Value) : field.Value)}");
            text.Append(CultureInfo.InvariantCulture, $"    {NameOf(fault.Kind)}: {{ {string.Join(", ", fields)} }}\n");
        }
        return text.ToString();
    }

    /// <summary>A span as files have it: <c>250ms</c>.</summary>
    public static string Duration(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.###}ms");

    /// <summary>Reads a span: a number and <c>ms</c>, <c>s</c> or <c>m</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static TimeSpan ReadDuration(JsonNode? value, string place, bool mayBeNegative = false)
    {
        var text = value is JsonValue given && given.TryGetValue<string>(out var word) ? word : null;
        var (unit, length) = text switch
        {
            null => (0, 0),
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (1.0, 2),
            _ when text.EndsWith('s') => (1000.0, 1),
            _ when text.EndsWith('m') => (60_000.0, 1),
            _ => (0, 0),
        };
        if (unit == 0 || !double.TryParse(text![..^length], NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            || (number < 0 && !mayBeNegative) || Math.Abs(number * unit) > TimeSpan.FromDays(365).TotalMilliseconds)
            throw new FormatException($"{place}: found {Shown(value)}, should be a number with its unit, such as 250ms, 1.5s or 2m");
        return TimeSpan.FromMilliseconds(number * unit);
    }

    internal static IEnumerable<(string Name, string Value, bool IsText)> FieldsOf(ScheduledFault fault)
    {
        var (required, optional) = Fields[fault.Kind];
        foreach (var name in required.Concat(optional))
        {
            var (value, isText) = name switch
            {
                "from" => ((string?)fault.From, true),
                "to" => (fault.To, true),
                "pods" => (fault.Pods, true),
                "node" => (fault.Node, true),
                "server" => (fault.Server, true),
                "direction" => (fault.Direction == default ? null : JsonNamingPolicy.CamelCase.ConvertName(fault.Direction.ToString()), false),
                "by" => (Duration(fault.By), false),
                "jitter" => (fault.Jitter == default ? null : Duration(fault.Jitter), false),
                "bytesPerSecond" => (Number(fault.BytesPerSecond), false),
                "afterBytes" => (Number(fault.AfterBytes), false),
                "status" => (Number(fault.Status), false),
                "body" => (fault.Body, true),
                "carriedOut" => (fault.CarriedOut ? "true" : null, false),
                "holding" => (fault.Holding, true),
                "count" => (fault.Count is { } count ? Number(count) : null, false),
                "skip" => (fault.Skip == 0 ? null : Number(fault.Skip), false),
                "chance" => (fault.Chance?.ToString(CultureInfo.InvariantCulture), false),
                _ => (fault.Chance is null && fault.Kind != FaultKind.Delay ? null : Number(fault.Seed), false),
            };
            if (value is not null)
                yield return (name, value, isText);
        }
    }

    private static ScheduledFault ReadOne(JsonNode? entry, string place)
    {
        if (entry is not JsonObject said)
            throw new FormatException($"{place}: found {Shown(entry)}, should be a fault such as {{ at: 100ms, killPod: {{ pods: shop/api#0 }} }}");
        var kinds = Enum.GetValues<FaultKind>().ToDictionary(NameOf, StringComparer.Ordinal);
        var named = said.Select(field => field.Key).Where(key => key is not ("at" or "for")).ToList();
        if (named.Find(key => !kinds.ContainsKey(key)) is { } unknown)
            throw new FormatException($"{place}.{unknown}: not known; should be at, for, or one fault of {string.Join(", ", kinds.Keys)}");
        if (named is not [var name])
            throw new FormatException($"{place}: found {named.Count} faults{(named.Count == 0 ? "" : $" ({string.Join(", ", named)})")}, should be one of {string.Join(", ", kinds.Keys)}");
        var kind = kinds[name];
        var fields = said[name] switch
        {
            JsonObject given => given,
            null => [],
            var other => throw new FormatException($"{place}.{name}: found {Shown(other)}, should be a mapping of its fields"),
        };
        var (required, optional) = Fields[kind];
        foreach (var (key, _) in fields)
            if (!required.Contains(key) && !optional.Contains(key))
                throw new FormatException($"{place}.{name}.{key}: not known; {name} has {(required.Length + optional.Length == 0 ? "no fields" : string.Join(", ", required.Concat(optional)))}");
        foreach (var key in required)
            if (fields[key] is null)
                throw new FormatException($"{place}.{name}.{key}: missing; {name} needs {string.Join(", ", required)}");
        var read = new Reader(fields, $"{place}.{name}");
        return new ScheduledFault
        {
            Kind = kind,
            At = said["at"] is null ? throw new FormatException($"{place}.at: missing; should say when, from the schedule's start, such as 250ms") : ReadDuration(said["at"], $"{place}.at"),
            For = said["for"] is null ? null : ReadDuration(said["for"], $"{place}.for"),
            From = read.Pods("from"),
            To = read.Pods("to"),
            Pods = read.Pods("pods"),
            Node = read.Text("node"),
            Server = read.Text("server"),
            Direction = read.Direction("direction"),
            By = fields["by"] is null ? default : ReadDuration(fields["by"], $"{place}.{name}.by", mayBeNegative: kind == FaultKind.SkewClock),
            Jitter = fields["jitter"] is null ? default : ReadDuration(fields["jitter"], $"{place}.{name}.jitter"),
            BytesPerSecond = (int)(read.Number("bytesPerSecond", 1, int.MaxValue, whole: true) ?? 0),
            AfterBytes = (int)(read.Number("afterBytes", 0, int.MaxValue, whole: true) ?? 0),
            Status = (int)(read.Number("status", 200, 599, whole: true) ?? 0),
            Body = read.Text("body"),
            CarriedOut = read.Flag("carriedOut"),
            Holding = read.Text("holding"),
            Count = (int?)read.Number("count", 1, int.MaxValue, whole: true),
            Skip = (int)(read.Number("skip", 0, int.MaxValue, whole: true) ?? 0),
            Chance = read.Number("chance", 0, 1, whole: false),
            Seed = (int)(read.Number("seed", 0, int.MaxValue, whole: true) ?? 1),
        };
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Shown(JsonNode? node) => node?.ToJsonString() ?? "nothing";

    private sealed class Reader(JsonObject fields, string place)
    {
        public string? Text(string name) => fields[name] switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) && text.Length > 0 => text,
            var other => throw new FormatException($"{place}.{name}: found {Shown(other)}, should be a text"),
        };

        public string? Pods(string name)
        {
            if (Text(name) is not { } text)
                return null;
            try
            {
                return PodSet.Parse(text).ToString();
            }
            catch (FormatException wrong)
            {
                throw new FormatException($"{place}.{name}: {wrong.Message}", wrong);
            }
        }

        public PartitionDirection Direction(string name) => Text(name) switch
        {
            null or "both" => PartitionDirection.Both,
            "there" => PartitionDirection.There,
            "back" => PartitionDirection.Back,
            var other => throw new FormatException($"{place}.{name}: found '{other}', should be both, there or back"),
        };

        public bool Flag(string name) => fields[name] switch
        {
            null => false,
            JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
            var other => throw new FormatException($"{place}.{name}: found {Shown(other)}, should be true or false"),
        };

        public double? Number(string name, double from, double to, bool whole)
        {
            if (fields[name] is not { } node)
                return null;
            if (!double.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || number < from || number > to || (whole && number % 1 != 0))
                throw new FormatException($"{place}.{name}: found {Shown(node)}, should be a {(whole ? "whole number" : "number")} from {from.ToString(CultureInfo.InvariantCulture)}{(to < int.MaxValue ? $" to {to.ToString(CultureInfo.InvariantCulture)}" : "")}");
            return number;
        }
    }
}
