using System.CommandLine;
using ClusterSim.Access;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary>
/// <c>harness completion bash|zsh|fish</c>: a script for one's shell. It asks <c>harness complete -- WORD…</c> for what may stand in the last word's place: commands,
/// options, kinds, and names of objects of the running cluster.
/// </summary>
internal static class CompletionCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const string Bash = """
        # harness completion for bash: source <(./harness completion bash)
        _harness() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(HARNESS_BUILD=never "${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _harness harness ./harness

        """;

    private const string Zsh = """
        #compdef harness ./harness
        # harness completion for zsh: source <(./harness completion zsh)
        _harness() {
            local -a found
            found=("${(@f)$(HARNESS_BUILD=never "${words[1]}" complete -- "${(@)words[2,$CURRENT]}" 2>/dev/null)}")
            compadd -a found
        }
        compdef _harness harness ./harness

        """;

    private const string Fish = """
        # harness completion for fish: ./harness completion fish | source
        function __harness_complete
            set -l words (commandline -opc) (commandline -ct)
            env HARNESS_BUILD=never $words[1] complete -- $words[2..-1] 2>/dev/null
        end
        complete -c harness -f -a '(__harness_complete)'

        """;

    /// <summary>The command that prints the script.</summary>
    public static Command Create(CommandContext context)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script for a shell: source <(./harness completion bash).") { shell };
        command.SetAction(async (parsed, _) =>
        {
            await context.Output.WriteAsync(parsed.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return 0;
        });
        return command;
    }

    /// <summary>The command that the script asks.</summary>
    public static Command CreateAnswer(CommandContext context, RootCommand root)
    {
        var words = new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("complete", "What may stand in the last word's place.") { words };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellation) =>
        {
            foreach (var found in await CompleteAsync(context, root, parsed.GetValue(words) ?? [], cancellation))
                await context.Output.WriteLineAsync(found);
            return 0;
        });
        return command;
    }

    private static async Task<IReadOnlyList<string>> CompleteAsync(CommandContext context, RootCommand root, IReadOnlyList<string> words, CancellationToken cancellation)
    {
        var last = words.Count == 0 ? "" : words[^1];
        if (words.Count <= 1)
            return Beginning(root.Subcommands.Where(one => !one.Hidden).Select(one => one.Name), last);
        if (root.Subcommands.FirstOrDefault(one => one.Name == words[0]) is not { } command)
            return [];
        var before = words[^2];
        if (last.StartsWith('-'))
            return Beginning(command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name)), last);
        if (command.Options.FirstOrDefault(option => option.Name == before || option.Aliases.Contains(before)) is { } asked && asked.ValueType != typeof(bool))
            return asked.Name == "--namespace"
                ? Beginning(await NamesAsync(context, "namespaces", null, cancellation), last)
                : Beginning(asked.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(item => item.Label), last);
        if (command.Name is not ("get" or "describe" or "logs"))
            return Beginning(command.Arguments.SelectMany(argument => argument.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty)).Select(item => item.Label), last);
        return Beginning(await ObjectsAsync(context, command, words, last, cancellation), last);
    }

    private static async Task<IEnumerable<string>> ObjectsAsync(CommandContext context, Command command, IReadOnlyList<string> words, string last, CancellationToken cancellation)
    {
        var place = words.Select((word, at) => (word, at)).LastOrDefault(pair => pair.word is "-n" or "--namespace").at is > 0 and var found && found + 1 < words.Count - 1 ? words[found + 1] : null;
        if (command.Name == "logs")
            return await NamesAsync(context, "pods", place, cancellation);
        if (last.Split('/') is [var kind, _])
            return (await NamesAsync(context, kind, place, cancellation)).Select(name => $"{kind}/{name}");
        var given = Given(command, words);
        if (given.Count > 0)
            return await NamesAsync(context, given[0], place, cancellation);
        using var client = context.Folder.FindRunning() is null ? null : context.Connect();
        return client?.ResourceNames ?? [];
    }

    /// <summary>The words that are neither options nor their values, the last one aside.</summary>
    private static List<string> Given(Command command, IReadOnlyList<string> words)
    {
        var given = new List<string>();
        for (var i = 1; i < words.Count - 1; i++)
            if (!words[i].StartsWith('-'))
                given.Add(words[i]);
            else if (command.Options.FirstOrDefault(option => option.Name == words[i] || option.Aliases.Contains(words[i])) is { } option && option.ValueType != typeof(bool))
                i++;
        return given;
    }

    /// <summary>The names of a kind's objects; none where no cluster runs or it takes too long: a key was pressed, nobody wants to read why.</summary>
    private static async Task<IReadOnlyList<string>> NamesAsync(CommandContext context, string kind, string? @namespace, CancellationToken cancellation)
    {
        try
        {
            using var client = context.Connect();
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            late.CancelAfter(Patience);
            var objects = await client.ListAsync(client.Resource(kind), @namespace ?? client.Namespace, null, late.Token);
            return [.. objects.Select(one => one.At("metadata", "name").Text(""))];
        }
        catch (Exception unknown) when (unknown is CommandException or KubeException or KubeconfigException or OperationCanceledException)
        {
            return [];
        }
    }

    private static IReadOnlyList<string> Beginning(IEnumerable<string> all, string with) =>
        [.. all.Where(one => one.StartsWith(with, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
