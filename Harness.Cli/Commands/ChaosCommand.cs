using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Harness.Chaos;
using Harness.Configuration;
using Harness.Running;

namespace Harness.Commands;

/// <summary>
/// <c>harness chaos</c>: runs the scenario of harness.yaml while things go wrong, and checks the result. docs/chaos.md describes the faults and how
/// to read a verdict. Exit code 1 where a run failed, 130 where it was interrupted before that.
/// </summary>
internal static class ChaosCommand
{
    private const int Rerun = 10;
    private const int TriesOfSmaller = 4;

    public static Command Create(CommandContext context)
    {
        var seed = new Option<int>("--seed") { Description = "The first seed; the runs after it have the seeds after it.", DefaultValueFactory = _ => 1 };
        var runs = new Option<int>("--runs") { Description = "How many schedules to run.", DefaultValueFactory = _ => 20 };
        var schedule = new Option<string?>("--schedule") { Description = "Run this schedule (docs/chaos.md) instead of generated ones; --runs says how often." };
        var systems = new Option<int>("--systems") { Description = "Clusters beside each other, each with a PostgreSQL of its own.", DefaultValueFactory = _ => 4 };
        var print = new Option<bool>("--print") { Description = "Print the schedules as YAML and run nothing." };
        var goOn = new Option<bool>("--go-on") { Description = "Go on after a failed run." };
        var keep = new Option<bool>("--keep") { Description = "Keep the databases of failed runs, and their servers until Ctrl-C." };
        var command = new Command("chaos", "Run the scenario of harness.yaml while things go wrong, and check the result.") { seed, runs, schedule, systems, print, goOn, keep };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (first, count) = (parsed.GetValue(seed), parsed.GetValue(runs));
            if (first < 0 || count < 1 || parsed.GetValue(systems) < 1)
                throw new CommandException($"--seed {first} --runs {count} --systems {parsed.GetValue(systems)}: a seed is 0 or more, runs and systems at least 1");
            var options = OptionsOf(context) with { Systems = Math.Min(parsed.GetValue(systems), count), Keep = parsed.GetValue(keep), Clock = context.Process.Clock };
            var given = parsed.GetValue(schedule) is { } path ? await ReadAsync(context, options, path, cancellation) : null;
            var generator = new ChaosGenerator(options.Scenario, options.Servers);
            var plans = Enumerable.Range(0, count).Select(number => given ?? generator.Generate(first + number));
            if (parsed.GetValue(print))
            {
                foreach (var plan in plans)
                    await context.Output.WriteLineAsync($"---\n{plan.ToYaml()}".TrimEnd());
                return 0;
            }
            await using var search = new ChaosSearch(options);
            return await RunAsync(context, search, plans, parsed.GetValue(goOn), options.Keep, cancellation);
        });
        return command;
    }

    private static ChaosOptions OptionsOf(CommandContext context)
    {
        var harness = context.Harness;
        var scenario = harness.Chaos ?? throw new CommandException(
            $"{HarnessYaml.FileName} names no scenario; add: chaos: {{ project: Shop.Chaos/Shop.Chaos.csproj, scenario: Shop.Chaos.OrderScenario }} (docs/chaos.md)");
        PublishedImages.Require(context.Folder, harness);
        var images = PublishedImages.Find(context.Folder, harness);
        return new ChaosOptions
        {
            Scenario = ScenarioLoader.Load(context.Folder, scenario),
            Kustomization = harness.KustomizationFolder,
            Images = images.AddTo,
            PostgresImage = harness.Databases.Postgres,
        };
    }

    private static async Task<int> RunAsync(CommandContext context, ChaosSearch search, IEnumerable<ChaosPlan> plans, bool goOn, bool keep, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        var passed = 0;
        var failed = new List<ChaosVerdict>();
        await search.RunAsync(plans, verdict =>
        {
            context.Output.WriteLine(verdict);
            if (verdict.Passed)
                passed++;
            else
                failed.Add(verdict);
            return verdict.Passed || goOn;
        }, cancellation);
        var took = Stopwatch.GetElapsedTime(began);
        if (failed.Count > 0 && !cancellation.IsCancellationRequested)
            await ExplainAsync(context, search, failed[0], cancellation);
        using var process = Process.GetCurrentProcess();
        var interrupted = cancellation.IsCancellationRequested;
        await context.Output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{passed} passed, {failed.Count} failed{(interrupted ? ", interrupted" : "")}; {took.TotalSeconds:0.0} s, {process.TotalProcessorTime.TotalSeconds / Math.Max(1, passed + failed.Count):0.00} s of CPU a run (PostgreSQL aside), {process.WorkingSet64 >> 20} MiB"));
        if (keep && failed.Count > 0 && !interrupted)
        {
            await context.Error.WriteLineAsync("harness: the databases are kept until Ctrl-C");
            await ClusterHost.StoppedAsync(cancellation);
        }
        return failed.Count > 0 ? 1 : interrupted ? 130 : 0;
    }

    private static async Task ExplainAsync(CommandContext context, ChaosSearch search, ChaosVerdict failed, CancellationToken cancellation)
    {
        await context.Output.WriteLineAsync($"\nseed {failed.Plan.Seed} failed:\n{string.Join('\n', failed.Failures.Select(failure => "  " + failure))}\nlooking for the least that still fails …");
        var shrinker = new ChaosShrinker(search, TriesOfSmaller, cancellation);
        var least = await shrinker.ShrinkAsync(failed);
        var failures = await shrinker.FailuresOfAsync(least.Plan, Rerun);
        await context.Output.WriteLineAsync($"\nthe least that still fails (harness chaos --schedule FILE), {failures} of {Rerun} runs of it:\n\n{least.Plan.ToYaml()}\nits last failure:\n{string.Join('\n', least.Failures.Select(failure => "  " + failure))}\n\n{string.Join('\n', least.Timeline)}\n");
    }

    private static async Task<ChaosPlan> ReadAsync(CommandContext context, ChaosOptions options, string path, CancellationToken cancellation)
    {
        try
        {
            return ChaosPlan.Read(await File.ReadAllTextAsync(Path.Combine(context.Process.WorkingDirectory, path), cancellation), path, options.Scenario, options.Servers);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--schedule {path}: {ex.Message}");
        }
    }
}
