namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>A command line taken apart: single letters (also joined, also with their value joined), long names, and the rest.</summary>
internal sealed class Options
{
    private readonly List<(string Name, string? Value)> _given = [];

    private Options()
    {
    }

    /// <summary>What is no option.</summary>
    public List<string> Rest { get; } = [];

    /// <summary>Takes a command line apart.</summary>
    /// <param name="arguments">The words.</param>
    /// <param name="lettersWithValue">Letters whose option has a value.</param>
    /// <param name="namesWithValue">Long names whose option has a value.</param>
    public static Options Read(IReadOnlyList<string> arguments, string lettersWithValue, IReadOnlyList<string> namesWithValue)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Count; i++)
        {
            var word = arguments[i];
            if (word == "--")
            {
                options.Rest.AddRange(arguments.Skip(i + 1));
                break;
            }
            if (word.StartsWith("--", StringComparison.Ordinal))
            {
                var parts = word[2..].Split('=', 2);
                options._given.Add((parts[0], parts.Length > 1 ? parts[1] : namesWithValue.Contains(parts[0]) && i + 1 < arguments.Count ? arguments[++i] : null));
                continue;
            }
            if (word.Length < 2 || word[0] != '-')
            {
                options.Rest.Add(word);
                continue;
            }
            for (var letter = 1; letter < word.Length; letter++)
            {
                if (!lettersWithValue.Contains(word[letter], StringComparison.Ordinal))
                {
                    options._given.Add((word[letter].ToString(), null));
                    continue;
                }
                options._given.Add((word[letter].ToString(), letter + 1 < word.Length ? word[(letter + 1)..] : i + 1 < arguments.Count ? arguments[++i] : ""));
                break;
            }
        }
        return options;
    }

    /// <summary>Whether an option is given.</summary>
    public bool Has(string name) => _given.Exists(option => option.Name == name);

    /// <summary>An option's last value.</summary>
    public string? Value(string name) => _given.FindLast(option => option.Name == name).Value;

    /// <summary>All values of an option.</summary>
    public IEnumerable<string> Values(string name) => _given.Where(option => option.Name == name && option.Value is not null).Select(option => option.Value!);
}
