using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ClusterSim.Nodes.Cgroups;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>
/// <c>sed [-n] [-E] [-i] [-e script] script [file…]</c> with the commands s, d, p, q, a, i, c, y on lines, ranges and patterns. Labels, the hold space and files
/// are not known, and refused.
/// </summary>
internal static class SedCommand
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "e", []);
        var scripts = options.Values("e").ToList();
        var files = options.Rest;
        if (scripts.Count == 0 && files.Count > 0)
        {
            scripts.Add(files[0]);
            files.RemoveAt(0);
        }
        if (scripts.Count == 0)
            return await command.FailAsync("usage: sed [-i] [-nE] [-e CMD]... [FILE]...");
        var steps = new Reader(string.Join('\n', scripts), options.Has("E") || options.Has("r")).Steps();
        if (!options.Has("i"))
            return await FilterAsync(command, steps, options.Has("n"), files, command.Output);
        foreach (var file in files)
        {
            using var charge = new MemoryCharge(command.Memory);
            await using var changed = new ChargedStream(charge);
            await FilterAsync(command, steps, options.Has("n"), [file], changed);
            command.Files.WriteAllBytes(command.Absolute(file), changed.Written.Span);
        }
        return 0;
    }

    private static async Task<int> FilterAsync(Command command, IReadOnlyList<Step> steps, bool isQuiet, IReadOnlyCollection<string> files, Stream output)
    {
        var number = 0L;
        var active = new bool[steps.Count];
        using var charge = new MemoryCharge(command.Memory);
        foreach (var (_, stream) in command.Inputs(files))
            await using (stream)
            {
                var reader = new LineReader(stream, command);
                var needsLast = steps.Any(step => step.From?.IsLast == true || step.To?.IsLast == true);
                var line = await reader.ReadAsync();
                while (line is not null)
                {
                    var hadEnd = reader.HadEnd;
                    // One line ahead only where the script asks which is the last: others want each line at once.
                    var next = needsLast ? await reader.ReadAsync() : null;
                    number++;
                    charge.Release();
                    var (text, shown, after, ends) = Apply(steps, active, line, number, needsLast && next is null, charge);
                    if (text is not null && !isQuiet)
                        shown += text + (hadEnd ? "\n" : "");
                    await output.SayAsync(shown + after);
                    if (ends)
                        return 0;
                    line = needsLast ? next : await reader.ReadAsync();
                }
            }
        return 0;
    }

    private static (string? Text, string Shown, string After, bool Ends) Apply(IReadOnlyList<Step> steps, bool[] active, string text, long number, bool isLast, MemoryCharge charge)
    {
        var (shown, after) = ("", "");
        for (var i = 0; i < steps.Count; i++)
        {
            var step = steps[i];
            if (step.IsChosen(text, number, isLast, ref active[i]) == step.IsNegated)
                continue;
            switch (step.Name)
            {
                case 's':
                    var replaced = step.Pattern!.Replace(text, match =>
                    {
                        var made = step.Replacement(match);
                        charge.Add(made.Length);
                        return made;
                    }, step.IsGlobal ? -1 : 1);
                    if (replaced != text && step.Prints)
                        shown += replaced + "\n";
                    text = replaced;
                    break;
                case 'y':
                    text = string.Concat(text.Select(letter => step.Text.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var at ? step.To2[at] : letter));
                    break;
                case 'd':
                    return (null, shown, after, false);
                case 'p':
                    shown += text + "\n";
                    break;
                case 'q':
                    return (text, shown, after, true);
                case 'i':
                    shown += step.Text + "\n";
                    break;
                case 'a':
                    after += step.Text + "\n";
                    break;
                case 'c':
                    return (null, shown + step.Text + "\n", after, false);
                case '=':
                    shown += number.ToString(CultureInfo.InvariantCulture) + "\n";
                    break;
            }
        }
        return (text, shown, after, false);
    }

    /// <summary>Which line: a number, the last, or a pattern.</summary>
    private sealed record Address(long Number, bool IsLast, Regex? Pattern)
    {
        public bool Matches(string text, long number, bool isLast) => Pattern?.IsMatch(text) ?? (IsLast ? isLast : number == Number);
    }

    private sealed record Step(char Name, Address? From, Address? To, bool IsNegated)
    {
        public Regex? Pattern { get; init; }

        public string Text { get; init; } = "";

        public string To2 { get; init; } = "";

        public bool IsGlobal { get; init; }

        public bool Prints { get; init; }

        public bool IsChosen(string text, long number, bool isLast, ref bool active)
        {
            if (From is null)
                return true;
            if (To is null)
                return From.Matches(text, number, isLast);
            if (active)
            {
                active = !To.Matches(text, number, isLast) && !(To.Pattern is null && !To.IsLast && number >= To.Number);
                return true;
            }
            if (!From.Matches(text, number, isLast))
                return false;
            active = To.Pattern is not null || To.IsLast || number < To.Number;
            return true;
        }

        public string Replacement(Match match)
        {
            var made = new StringBuilder();
            for (var i = 0; i < Text.Length; i++)
                if (Text[i] == '&')
                    made.Append(match.Value);
                else if (Text[i] == '\\' && i + 1 < Text.Length)
                    made.Append(Text[++i] switch { >= '0' and <= '9' and var digit => match.Groups[digit - '0'].Value, 'n' => "\n", 't' => "\t", var other => other.ToString() });
                else
                    made.Append(Text[i]);
            return made.ToString();
        }
    }

    /// <summary>Reads a script.</summary>
    private sealed class Reader(string script, bool isExtended)
    {
        private int _at;

        public IReadOnlyList<Step> Steps()
        {
            var steps = new List<Step>();
            while (true)
            {
                while (_at < script.Length && (char.IsWhiteSpace(script[_at]) || script[_at] == ';'))
                    _at++;
                if (_at == script.Length)
                    return steps;
                var from = ReadAddress();
                var to = from is not null && Accept(',') ? ReadAddress() : null;
                var isNegated = Accept('!');
                steps.Add(ReadStep(from, to, isNegated));
            }
        }

        private Step ReadStep(Address? from, Address? to, bool isNegated)
        {
            var name = _at < script.Length ? script[_at++] : '\0';
            var step = new Step(name, from, to, isNegated);
            switch (name)
            {
                case 'd' or 'p' or 'q' or '=':
                    return step;
                case 's' or 'y':
                    var sign = _at < script.Length ? script[_at++] : '/';
                    var (pattern, by) = (Until(sign), Until(sign));
                    if (name == 'y')
                        return step with { Text = pattern, To2 = by.Length == pattern.Length ? by : throw new FormatException("strings for y command are different lengths") };
                    var flags = new string([.. script.Skip(_at).TakeWhile(letter => letter is 'g' or 'p' or 'i' or 'I')]);
                    _at += flags.Length;
                    return step with
                    {
                        Pattern = PosixPattern.Regex(pattern, isExtended, flags.Contains('i', StringComparison.OrdinalIgnoreCase)),
                        Text = by,
                        IsGlobal = flags.Contains('g', StringComparison.Ordinal),
                        Prints = flags.Contains('p', StringComparison.Ordinal),
                    };
                case 'a' or 'i' or 'c':
                    var end = script.IndexOf('\n', _at) is >= 0 and var found ? found : script.Length;
                    var text = script[_at..end].TrimStart(' ', '\\');
                    _at = end;
                    return step with { Text = text };
                default:
                    throw new FormatException($"command '{name}' in '{script}' is not known to the simulated sed, which has s, y, d, p, q, a, i, c and =");
            }
        }

        private Address? ReadAddress()
        {
            if (Accept('$'))
                return new Address(0, true, null);
            if (Accept('/'))
                return new Address(0, false, PosixPattern.Regex(Until('/'), isExtended));
            var digits = new string([.. script.Skip(_at).TakeWhile(char.IsAsciiDigit)]);
            _at += digits.Length;
            return digits.Length == 0 ? null : new Address(long.Parse(digits, CultureInfo.InvariantCulture), false, null);
        }

        private string Until(char sign)
        {
            var text = new StringBuilder();
            for (; _at < script.Length && script[_at] != sign; _at++)
            {
                if (script[_at] == '\\' && _at + 1 < script.Length)
                {
                    if (script[_at + 1] != sign)
                        text.Append('\\');
                    _at++;
                }
                text.Append(script[_at]);
            }
            if (_at++ >= script.Length)
                throw new FormatException($"unterminated '{script}'");
            return text.ToString();
        }

        private bool Accept(char letter)
        {
            if (_at >= script.Length || script[_at] != letter)
                return false;
            _at++;
            return true;
        }
    }
}
