using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ClusterSim.Postgres;

/// <summary>
/// The operating system's user that runs PostgreSQL: ourselves, unless we are root. PostgreSQL refuses to run as root, and .NET cannot start
/// a process as somebody else, so root goes through setpriv (or runuser).
/// </summary>
public sealed partial class ServerUser
{
    private readonly string[] _prefix;
    private readonly string _name;

    private ServerUser(string name, uint id, string[] prefix) => (_name, Id, _prefix) = (name, id, prefix);

    /// <summary>The numeric user id.</summary>
    public uint Id { get; }

    /// <summary>Whether it is somebody else than this process's user.</summary>
    public bool IsOther => _prefix.Length > 0;

    /// <summary>Chooses: ourselves; for root <c>postgres</c> or else <c>nobody</c>.</summary>
    /// <exception cref="PostgresNotFoundException">We are root, and neither user, or neither program, exists.</exception>
    public static ServerUser Choose()
    {
        var self = GetEffectiveUserId();
        if (self != 0)
            return new ServerUser(Environment.UserName, self, []);

        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToArray();
        var chosen = Array.Find(users, fields => fields[0] == "postgres") ?? Array.Find(users, fields => fields[0] == "nobody")
            ?? throw new PostgresNotFoundException("PostgreSQL refuses to run as root, and /etc/passwd has neither postgres nor nobody to run it: add a user");
        var (name, id, group) = (chosen[0], uint.Parse(chosen[2], CultureInfo.InvariantCulture), chosen[3]);
        if (Program("setpriv") is { } setpriv)
            return new ServerUser(name, id, [setpriv, $"--reuid={id}", $"--regid={group}", "--clear-groups", "--"]);
        if (Program("runuser") is { } runuser)
            return new ServerUser(name, id, [runuser, "-u", name, "--"]);
        throw new PostgresNotFoundException("PostgreSQL refuses to run as root, and neither setpriv nor runuser (util-linux) is here to run it as another user");
    }

    /// <inheritdoc/>
    public override string ToString() => $"user {_name} ({Id})";

    /// <summary>
    /// Where to keep data: <paramref name="preferred"/> if the server's user can get there, else a directory of its own outside any home that
    /// belongs to the same <paramref name="preferred"/> every time.
    /// </summary>
    /// <exception cref="PostgresServerException">That directory's place belongs to another user.</exception>
    public async Task<string> DirectoryFor(string preferred, CancellationToken cancellation = default)
    {
        if (!IsOther)
            return preferred;
        var parent = Path.GetDirectoryName(preferred)!;
        if ((await RunAsync(["sh", "-c", "test -w \"$1\"", "sh", Directory.Exists(preferred) ? preferred : parent], cancellation)).ExitCode == 0)
            return preferred;
        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(preferred)))[..8];
        var place = $"/var/tmp/harness-postgres-{Id}";
        var secured = await RunAsync(["sh", "-c", PostgresFolders.Secure + "secure \"$1\"", "sh", place], cancellation);
        return secured.ExitCode == 0 ? $"{place}/{mark}" : throw new PostgresServerException(secured.Error.Trim());
    }

    /// <summary>A program to be run by this user.</summary>
    internal ProcessStartInfo Command(IReadOnlyList<string> command)
    {
        string[] all = [.. _prefix, .. command];
        var start = new ProcessStartInfo(all[0])
        {
            // One that any user can be in; a home may be closed.
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in all.Skip(1))
            start.ArgumentList.Add(argument);

        // Messages are read: they must come in English. And what would redirect the programs stays out.
        start.Environment["LC_ALL"] = "C";
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        return start;
    }

    /// <summary>Runs a program to its end.</summary>
    internal async Task<(int ExitCode, string Output, string Error)> RunAsync(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        using var process = Process.Start(Command(command))!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var error = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, await output, await error);
    }

    private static string? Program(string name) =>
        new[] { "/usr/bin", "/bin", "/usr/sbin", "/sbin" }.Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();
}
