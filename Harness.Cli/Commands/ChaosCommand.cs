using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Harness.Chaos;

namespace Harness.Commands;

/// <summary>
/// <c>harness chaos</c>: runs the paying system while things go wrong, and compares the books. docs/chaos.md tells what is injected and how to
/// read a verdict. Exit code 1 where a run failed, 130 where it was interrupted before that.
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
        var command = new Command("chaos", "Pay while things go wrong, and see whether every invoice is paid exactly once.") { seed, runs, schedule, systems, print, goOn, keep };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (first, count) = (parsed.GetValue(seed), parsed.GetValue(runs));
            if (first < 0 || count < 1 || parsed.GetValue(systems) < 1)
                throw new CommandException($"--seed {first} --runs {count} --systems {parsed.GetValue(systems)}: a seed is 0 or more, runs and systems at least 1");
            var given = parsed.GetValue(schedule) is { } path ? await ReadAsync(context, path, cancellation) : null;
            var plans = Enumerable.Range(0, count).Select(number => given ?? ChaosGenerator.Generate(first + number));
            if (parsed.GetValue(print))
            {
                foreach (var plan in plans)
                    await context.Output.WriteLineAsync($"---\n{plan.ToYaml()}".TrimEnd());
                return 0;
            }
            var options = new ChaosOptions { Root = context.Folder.Root, Systems = Math.Min(parsed.GetValue(systems), count), Keep = parsed.GetValue(keep), Clock = context.Process.Clock };
            await using var search = new ChaosSearch(options);
            return await RunAsync(context, search, plans, parsed.GetValue(goOn), options.Keep, cancellation);
        });
        return command;
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
            await Running.ClusterHost.StoppedAsync(cancellation);
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

    private static async Task<ChaosPlan> ReadAsync(CommandContext context, string path, CancellationToken cancellation)
    {
        try
        {
            return ChaosPlan.Read(await File.ReadAllBytesAsync(Path.Combine(context.Process.WorkingDirectory, path), cancellation), path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--schedule {path}: {unreadable.Message}");
        }
    }
}
