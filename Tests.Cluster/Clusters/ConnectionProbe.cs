using System.Globalization;
using System.Text;

namespace Tests.Cluster.Clusters;

/// <summary>
/// Tries connections from a prober pod, all at once, with a shell script of busybox.
///
/// A network may drop what it denies, and then only the time tells a denied connection from a slow one. An attempt that is not answered within
/// the wait counts as denied where three things hold:
/// 1. The pod can connect. Its own address, which no policy keeps a pod from, is reached in the same moment; and the pod is Ready, which the
///    kubelet finds out over the pod's network.
/// 2. The network is fast now. Whatever is answered at all, the own address included, is answered within a quarter of the wait. Otherwise the
///    attempts are repeated with twice the wait.
/// 3. A lost packet makes no difference. The wait is at least 2 s: a SYN is repeated after 1 s (RFC 6298), which leaves as long for its answer.
/// That the target listens is the assertion's part: of each target, some caller must be found to reach it in the same round.
/// </summary>
internal static class ConnectionProbe
{
    private const int ShortestWaitSeconds = 2;
    private const int LongestWaitSeconds = 32;
    private const string Own = "own";
    private const string Quarter = "quarter";

    /// <summary>Returns, for each target, whether a connection was opened.</summary>
    /// <param name="targets">The hosts and ports.</param>
    /// <param name="shell">Runs a script in the pod and returns its output.</param>
    /// <param name="pod">The pod, for messages.</param>
    public static async Task<IReadOnlyList<Reachability>> RunAsync(IReadOnlyList<(string Host, int Port)> targets, Func<string, Task<string>> shell, string pod)
    {
        var output = "";
        for (var wait = ShortestWaitSeconds; wait <= LongestWaitSeconds; wait *= 2)
        {
            output = await shell(Script(targets, wait));
            if (Read(output, targets.Count) is { } found)
                return found;
        }
        throw new AssertionException(
            $"connections from {pod} cannot be judged: within {LongestWaitSeconds} s, its own address is not reached, or others are answered later than a quarter of that. The output of the last attempt: {output.ReplaceLineEndings(" ")}");
    }

    /// <summary>Prints the number of each target that is reached, and a word when a quarter of the wait is over.</summary>
    internal static string Script(IReadOnlyList<(string Host, int Port)> targets, int waitSeconds)
    {
        var script = new StringBuilder();
        Attempt($"$POD_IP {ProberPod.Port}", Own);
        for (var index = 0; index < targets.Count; index++)
            Attempt(string.Create(CultureInfo.InvariantCulture, $"{targets[index].Host} {targets[index].Port}"), index.ToString(CultureInfo.InvariantCulture));
        // After the attempts: what is printed before it took no longer than it says.
        script.Append(CultureInfo.InvariantCulture, $"sleep {waitSeconds / 4.0}; echo {Quarter}; wait");
        return script.ToString();

        // nc bounds the connection, and timeout the lookup of the name, which nc does not.
        void Attempt(string address, string name) =>
            script.Append(CultureInfo.InvariantCulture, $"timeout {waitSeconds} nc -z -w {waitSeconds} {address} 2>/dev/null && echo {name} &\n");
    }

    /// <summary>Returns what the script found; null where it proves nothing of what was not reached.</summary>
    internal static IReadOnlyList<Reachability>? Read(string output, int count)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var quarter = Array.IndexOf(lines, Quarter);
        var found = Enumerable.Range(0, count)
            .Select(index => lines.Contains(index.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal) ? Reachability.Reached : Reachability.NotReachable).ToList();
        var isSure = quarter == lines.Length - 1 && Array.IndexOf(lines, Own) is >= 0;
        return isSure || !found.Contains(Reachability.NotReachable) ? found : null;
    }
}
