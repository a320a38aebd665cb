using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ClusterSim.Nodes.Images;

/// <summary>
/// Reads from a Dockerfile what its image will say of itself: USER, ENV, EXPOSE, ENTRYPOINT, CMD, WORKDIR, STOPSIGNAL of the last stage,
/// and of the stages it is built FROM. What an external base image sets is not known here, unless the caller tells.
/// </summary>
public static partial class Dockerfile
{
    /// <summary>The configuration of the last stage.</summary>
    /// <param name="text">The Dockerfile.</param>
    /// <param name="buildArguments">Values for its ARGs, over their defaults.</param>
    /// <param name="bases">What external base images say of themselves, by the name after FROM; those left out say nothing.</param>
    /// <exception cref="FormatException">It is no Dockerfile: names the line.</exception>
    public static ImageConfiguration Read(
        string text, IReadOnlyDictionary<string, string>? buildArguments = null, IReadOnlyDictionary<string, ImageConfiguration>? bases = null)
    {
        var stages = new Dictionary<string, ImageConfiguration>(StringComparer.OrdinalIgnoreCase);
        var global = new Dictionary<string, string>(StringComparer.Ordinal);
        var variables = global;
        ImageConfiguration? stage = null;
        string? name = null;
        foreach (var (number, line) in Instructions(text))
        {
            var (instruction, rest) = Split(line);
            if (instruction == "ARG")
            {
                foreach (var (key, value) in Pairs(rest, number, valueRequired: false))
                    if ((buildArguments?.GetValueOrDefault(key) ?? (value is null ? global.GetValueOrDefault(key) : Expand(value, variables))) is { } given)
                        variables[key] = given;
            }
            else if (instruction == "FROM")
            {
                if (name is not null)
                    stages[name] = stage!;
                var from = FromLine().Match(Expand(rest, global));
                if (!from.Success)
                    throw new FormatException($"Dockerfile line {number}: 'FROM {rest}' is not FROM <image> [AS <name>]");
                var image = from.Groups["image"].Value;
                stage = stages.GetValueOrDefault(image) ?? bases?.GetValueOrDefault(image) ?? new ImageConfiguration();
                name = from.Groups["name"] is { Success: true } named ? named.Value : stages.Count.ToString();
                variables = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach (var (key, value) in stage.Environment)
                    variables[key] = value;
            }
            else
            {
                stage = Apply(stage ?? throw new FormatException($"Dockerfile line {number}: '{instruction}' before FROM"), instruction, rest, number, variables);
            }
        }
        return stage ?? throw new FormatException("the Dockerfile has no FROM");
    }

    private static ImageConfiguration Apply(ImageConfiguration stage, string instruction, string rest, int number, Dictionary<string, string> variables)
    {
        switch (instruction)
        {
            case "USER":
                return stage with { User = Expand(rest, variables) };
            case "WORKDIR":
                var directory = Expand(rest, variables);
                return stage with { WorkingDirectory = directory.StartsWith('/') ? directory : $"{stage.WorkingDirectory.TrimEnd('/')}/{directory}" };
            case "STOPSIGNAL":
                return stage with { StopSignal = Expand(rest, variables) };
            case "EXPOSE":
                return stage with { ExposedPorts = [.. stage.ExposedPorts, .. Expand(rest, variables).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(port => Port(port, number))] };
            case "ENTRYPOINT":
                // As the build does: a new ENTRYPOINT forgets the base's CMD.
                return stage with { Entrypoint = Words(rest), Command = [] };
            case "CMD":
                return stage with { Command = Words(rest) };
            case "ENV":
                var environment = new Dictionary<string, string>(stage.Environment, StringComparer.Ordinal);
                foreach (var (key, value) in Pairs(rest, number, valueRequired: true))
                    variables[key] = environment[key] = Expand(value!, variables);
                return stage with { Environment = environment };
            default:
                return stage;
        }
    }

    private static IReadOnlyList<string> Words(string rest)
    {
        if (!rest.StartsWith('['))
            return ["/bin/sh", "-c", rest];
        try
        {
            return JsonSerializer.Deserialize<string[]>(rest) ?? [];
        }
        catch (JsonException)
        {
            return ["/bin/sh", "-c", rest]; // what is no JSON list is the shell form, as docker takes it
        }
    }

    private static int Port(string text, int number) => int.TryParse(text.Split('/')[0], out var port)
        ? port : throw new FormatException($"Dockerfile line {number}: '{text}' is no port such as 8080 or 8080/tcp");

    /// <summary><c>A=1 B="two words"</c>, or the old form <c>A one value</c>.</summary>
    private static IEnumerable<(string Key, string? Value)> Pairs(string rest, int number, bool valueRequired)
    {
        if (!rest.Contains('=', StringComparison.Ordinal))
        {
            var space = rest.IndexOf(' ', StringComparison.Ordinal);
            if (valueRequired && space < 0)
                throw new FormatException($"Dockerfile line {number}: ENV {rest} has no value");
            yield return space < 0 ? (rest, null) : (rest[..space], rest[space..].Trim());
            yield break;
        }
        foreach (Match pair in Pair().Matches(rest))
            yield return (pair.Groups["key"].Value, pair.Groups["value"] is { Success: true } value ? Unquoted(value.Value) : null);
    }

    private static string Unquoted(string value)
    {
        if (value.Length >= 2 && value[0] == value[^1] && value[0] is '"' or '\'')
            return value[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal);
        return value.Replace("\\ ", " ", StringComparison.Ordinal);
    }

    private static string Expand(string text, Dictionary<string, string> variables) => Variable().Replace(text, match =>
    {
        var known = variables.TryGetValue(match.Groups["name"].Value, out var value) && (value.Length > 0 || match.Groups["op"].Value.Length == 0);
        return match.Groups["op"].Value switch
        {
            ":-" => known ? value! : match.Groups["word"].Value,
            ":+" => known ? match.Groups["word"].Value : "",
            _ => known ? value! : "",
        };
    });

    private static (string Instruction, string Words) Split(string line)
    {
        var space = line.AsSpan().IndexOfAny(' ', '\t');
        return space < 0 ? (line.ToUpperInvariant(), "") : (line[..space].ToUpperInvariant(), line[space..].Trim());
    }

    /// <summary>The instructions with the number of their first line: comments gone, continued lines joined.</summary>
    private static IEnumerable<(int Number, string Line)> Instructions(string text)
    {
        var joined = new StringBuilder();
        var first = 0;
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.StartsWith('#') || (line.Length == 0 && joined.Length == 0))
                continue;
            if (joined.Length == 0)
                first = number;
            if (line.EndsWith('\\'))
            {
                joined.Append(line[..^1]);
                continue;
            }
            yield return (first, joined.Append(line).ToString());
            joined.Clear();
        }
        if (joined.Length > 0)
            yield return (first, joined.ToString());
    }

    [GeneratedRegex(@"^(--\S+\s+)*(?<image>\S+)(\s+[aA][sS]\s+(?<name>\S+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex FromLine();

    [GeneratedRegex(@"(?<key>[A-Za-z_][A-Za-z0-9_.-]*)(=(?<value>""(\\.|[^""\\])*""|'[^']*'|(\\.|[^\s\\])*))?", RegexOptions.ExplicitCapture)]
    private static partial Regex Pair();

    [GeneratedRegex(@"\$(\{(?<name>\w+)((?<op>:[-+])(?<word>[^}]*))?\}|(?<name>\w+))", RegexOptions.ExplicitCapture)]
    private static partial Regex Variable();
}
