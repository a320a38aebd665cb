using System.Security.Cryptography;
using System.Text;

namespace ClusterSim.Postgres;

/// <summary>
/// An initialised data directory, made once a version and copied for each fresh server: <c>initdb</c> takes the better part of a second, a
/// copy a few hundredths.
/// </summary>
internal static class PostgresTemplate
{
    /// <summary>The superuser of every server.</summary>
    public const string Superuser = "harness";

    /// <summary>
    /// Initialises beside the place and moves it there in one step: of several processes that do so at once, one wins and the others use its
    /// work. $1 root, $2 another place of servers, $3 template, $4 initdb, then its arguments. Both places have names that anybody can guess, so they are
    /// checked first: a template or an owner file that another user put there would be taken for ours. The password is of the template: whoever may read it may read the data as well.
    /// </summary>
    private const string Make =
        """
        set -eu
        umask 077
        template=$3 initdb=$4
        secure "$1"
        [ ! -e "$2" ] && [ ! -L "$2" ] || secure "$2"
        shift 4
        [ -d "$template" ] && exit 0
        work="$template.$$"
        mkdir "$work"
        trap 'rm -rf "$work"' EXIT
        head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$work/password"
        "$initdb" --pgdata="$work/data" --pwfile="$work/password" "$@" >&2
        mv "$work" "$template" 2>/dev/null || [ -d "$template" ]
        rm -rf "$template/$(basename "$work")"
        """;

    /// <summary>The C locale sorts as bytes do and asks nothing of the machine; segments of 4 MB are a quarter of the copying.</summary>
    private static readonly string[] InitdbArguments =
    [
        $"--username={Superuser}", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--wal-segsize=4", "--no-sync", "--data-checksums",
    ];

    /// <summary>The directory with <c>data</c> and <c>password</c>, made if need be.</summary>
    /// <exception cref="PostgresServerException">A place belongs to another user, or initdb failed.</exception>
    public static async Task<string> PrepareAsync(PostgresBinaries binaries, ServerUser user, string root, string other, CancellationToken cancellation)
    {
        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', [binaries.Directory, .. InitdbArguments]))))[..8];
        var template = $"{root}/template-{binaries.Version}-{mark}";
        var made = await user.RunAsync(["sh", "-c", PostgresFolders.Secure + Make, "sh", root, other, template, Path.Combine(binaries.Directory, "initdb"), .. InitdbArguments], cancellation);
        return made.ExitCode == 0 ? template : throw new PostgresServerException($"the template of {binaries.Directory} cannot be made as {user}: {made.Error.Trim()}");
    }
}
