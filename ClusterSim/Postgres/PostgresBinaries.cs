using System.Globalization;
using System.Text.RegularExpressions;

namespace ClusterSim.Postgres;

/// <summary>PostgreSQL's programs: <c>postgres</c>, <c>initdb</c> and <c>pg_ctl</c> of one version.</summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Version">As <c>postgres --version</c> says: 18.4.</param>
public sealed partial record PostgresBinaries(string Directory, Version Version)
{
    /// <summary>The oldest version that does.</summary>
    public const int MajorMin = 14;

    /// <summary>The environment variable that names the directory, over all that would be found.</summary>
    public const string DirectoryVariable = "HARNESS_POSTGRES_BIN";

    /// <summary>
    /// Looks in <see cref="DirectoryVariable"/>, then on PATH, then where packages put PostgreSQL (newest first), then where
    /// <c>eng/postgres.sh</c> puts npm's.
    /// </summary>
    /// <param name="user">Who is to run them, and so must be able to reach them.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="PostgresNotFoundException">None does.</exception>
    public static async Task<PostgresBinaries> FindAsync(ServerUser user, CancellationToken cancellation = default)
    {
        var reports = new List<string>();
        var asked = Environment.GetEnvironmentVariable(DirectoryVariable);
        foreach (var directory in string.IsNullOrEmpty(asked) ? Candidates(user) : [asked])
        {
            if (Missing(directory) is { } missing)
            {
                // A directory of PATH without PostgreSQL is no news.
                if (missing != "postgres" || directory == asked)
                    reports.Add($"{directory}: no {missing}");
                continue;
            }

            var run = await user.RunAsync([Path.Combine(directory, "postgres"), "--version"], cancellation);
            if (run.ExitCode != 0 || VersionPattern().Match(run.Output) is not { Success: true } match)
                reports.Add($"{directory}: '{(run.Output + run.Error).Trim()}' when asked for its version by {user}");
            else if (int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is var major && major < MajorMin)
                reports.Add($"{directory}: version {match.Value}, {MajorMin} or newer is needed");
            else
                return new PostgresBinaries(directory, new Version(major, int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)));
        }

        throw new PostgresNotFoundException(
            $"PostgreSQL {MajorMin} or newer was not found. Run eng/postgres.sh (it fetches one from npm), install your system's package, "
            + $"or set {DirectoryVariable} to the directory of its programs. Looked at:\n"
            + (reports.Count > 0 ? string.Join('\n', reports.Select(report => "  " + report)) : "  PATH and the usual places, nothing there"));
    }

    private static string? Missing(string directory) =>
        Array.Find(["postgres", "initdb", "pg_ctl"], program => !File.Exists(Path.Combine(directory, program)));

    private static IEnumerable<string> Candidates(ServerUser user)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] packages =
        [
            .. Versions("/usr/lib/postgresql", "*", "bin"), // Debian, Ubuntu
            .. Versions("/usr", "pgsql-*", "bin"), // PGDG on Fedora, RHEL
            .. Versions("/usr/libexec", "postgresql*", ""), // Alpine
            .. Versions("/opt/homebrew/opt", "postgresql@*", "bin"), // Homebrew on Apple silicon
            .. Versions("/usr/local/opt", "postgresql@*", "bin"), // Homebrew on Intel
            .. Versions("/Applications/Postgres.app/Contents/Versions", "*", "bin"),
        ];
        return path.Where(Path.IsPathRooted).Concat(packages).Concat(Fetched(user)).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Versions(string root, string pattern, string under) =>
        System.IO.Directory.Exists(root)
            ? System.IO.Directory.GetDirectories(root, pattern)
                .OrderByDescending(directory => int.TryParse(NumberPattern().Match(Path.GetFileName(directory)).Value, out var number) ? number : 0)
                .Select(directory => Path.Combine(directory, under))
            : [];

    /// <summary>The repository's uncommitted tools, found upwards from here; and, for root, the copy that others can reach.</summary>
    private static IEnumerable<string> Fetched(ServerUser user)
    {
        foreach (var start in new[] { AppContext.BaseDirectory, System.IO.Directory.GetCurrentDirectory() })
        {
            for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
            {
                if (!File.Exists(Path.Combine(directory.FullName, "Harness.sln")))
                    continue;
                yield return Path.Combine(directory.FullName, ".tools", "postgres", "native", "bin");
                break;
            }
        }

        if (user.IsOther)
            yield return "/var/tmp/harness-tools/postgres/native/bin";
    }

    [GeneratedRegex(@"(\d+)\.(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"\d+", RegexOptions.CultureInvariant)]
    private static partial Regex NumberPattern();
}
