using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Nodes;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary>No nesting of commands, expansions, expressions or programs overflows the stack of this process: each ends with a message and an exit code.</summary>
public sealed class NestingLimitTests
{
    [TestCase("f(){ f; }; f", 2, "sh: Maximum function recursion depth (1000) reached\n")] // as dash
    [TestCase("a='eval \"$a\"'; eval \"$a\"", 139, "sh: Segmentation fault: eval is nested more than 1000 deep\n")] // dash and busybox overflow their stack
    [TestCase("echo '. /tmp/s' > /tmp/s; . /tmp/s", 139, "sh: Segmentation fault: . is nested more than 1000 deep\n")]
    [TestCase("f(){ command f2; }; f2(){ f; }; f", 139, "sh: Segmentation fault: command is nested more than 1000 deep\n")]
    [TestCase("f(){ g; }; g(){ eval f; }; f", 2, "sh: Maximum function recursion depth (1000) reached\n")]
    [TestCase("f(){ (f); }; f", 2, "sh: Maximum function recursion depth (1000) reached\n")]
    [TestCase("f(){ x=$(f); }; f", 2, "sh: Maximum function recursion depth (1000) reached\n")]
    [TestCase("f(){ f | cat; }; f", 0, "sh: can't fork: Resource temporarily unavailable\n")]
    public Task A_program_that_calls_itself_ends(string program, int exitCode, string output) => AssertEndsAsync(program, exitCode, output);

    [TestCase("sh /tmp/s")]
    [TestCase("sh < /tmp/s")]
    [TestCase("sh -c '. /tmp/s'")]
    [TestCase("exec sh /tmp/s")]
    [TestCase("command sh /tmp/s")]
    [TestCase("env sh /tmp/s")]
    [TestCase("timeout 1000 sh /tmp/s")]
    [TestCase("echo /tmp/s | xargs sh")]
    [TestCase("find /tmp/s -exec sh {} +")]
    [TestCase("busybox sh /tmp/s")]
    [TestCase("x=$(sh /tmp/s)")]
    [TestCase("cat <<E\n$(sh /tmp/s)\nE")]
    [TestCase("(sh /tmp/s)")]
    [TestCase("sh /tmp/s | cat")]
    [TestCase("sh /tmp/s & wait")]
    [TestCase("trap 'sh /tmp/s' EXIT")]
    [TestCase("if ! sh /tmp/s; then false; fi")]
    [TestCase("chmod +x /tmp/s; /tmp/s")]
    public async Task A_program_that_starts_itself_ends_when_the_pod_has_as_many_processes_as_it_may_have(string line)
    {
        await using var nodes = new TestNodes();
        var program = new JsonArray("sh", "-c", $"cat > /tmp/s <<'END'\n{line}\nEND\nsh /tmp/s; echo ended").ToJsonString();

        nodes.Pod("pod", $$"""{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":{{program}}}]}""");
        nodes.Advance(1);

        var log = await nodes.Log("pod");
        Assert.That(log, Does.Contain("can't fork: Resource temporarily unavailable\n"));
        Assert.That(log, Does.EndWith("ended\n"));
        Assert.That(nodes.ContainerStatus("pod").At("state", "terminated", "exitCode").Integer(), Is.Zero);
        Assert.That(nodes.Pool.Kubepods.Usage, Is.Zero, "memory that is still charged");
    }

    [TestCase("$((", "(", "1", ")", "))", 30_000, 2, "arithmetic: expression recursion level exceeded (250)")] // as bash beyond 1024
    [TestCase("", "$(echo ", "x", ")", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("", "\"$(echo ", "x", ")\"", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("", "${a:-", "x", "}", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase(": ", "`", "x", "`", "", 5_000, 0, "")]
    [TestCase("; ", "{ ", "true; ", "} ; ", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("; ", "if true; then ", "true; ", "fi; ", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("; ", "(", "true", ")", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("; ", "while ", "false; ", "do :; done; ", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("; ", "case x in x) ", ":; ", "esac; ", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("; ", "f() ", "true", "", "", 5_000, 2, "nested more than 250 deep")]
    [TestCase("; ", "a=1 $(( 0 ? ", "1", " : 1))", "", 1, 127, "1: not found")]
    [TestCase("$((", "0 ? 1 : ", "1", "", "))", 5_000, 2, "expression recursion level exceeded")]
    [TestCase("$((", "a = ", "1", "", "))", 5_000, 2, "expression recursion level exceeded")]
    [TestCase("$((", "- ", "1", "", "))", 30_000, 0, "1\n")]
    [TestCase("$((", "! ", "1", "", "))", 30_000, 0, "1\n")]
    [TestCase("; [ ", "! ", "x ", "", "]", 20_000, 0, "")]
    [TestCase("; [ ", "! ", "x ", "", "]", 20_001, 1, "")]
    [TestCase("; [ ", "\\( ", "x ", "\\) ", "]", 20_000, 2, "parentheses are nested more than 250 deep")]
    [TestCase("; [ ", "x -a ", "x ", "", "]", 20_000, 0, "")]
    [TestCase("; expr ", "\\( ", "1 ", "\\) ", "", 5_000, 2, "expression recursion level exceeded")]
    [TestCase("; ", "true && ", "true", "", "", 20_000, 0, "")]
    [TestCase("; ", "true | ", "true", "", "", 5_000, 0, "")]
    [TestCase("; ", "! ", "true", "", "", 2, 0, "!: not found")]
    public Task Deep_nesting_is_refused_or_works(string before, string open, string middle, string close, string after, int depth, int exitCode, string message) => AssertEndsAsync(
        $"cat > /tmp/p <<'END'\necho {before}{Repeat(open, depth)}{middle}{Repeat(close, depth)}{after}\nEND\nsh /tmp/p", exitCode, message);

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static async Task AssertEndsAsync(string program, int exitCode, string message)
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","36000"]}]}""");
        nodes.Settle();
        var usage = nodes.Pool.Kubepods.Usage;
        using var output = new MemoryStream();

        // As standard input: a program may be longer than an argument.
        var code = await nodes.Pool.Find("node-1")!.ExecAsync(
            pod, "main", ["sh"], new(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(program)), output, output, false), CancellationToken.None);

        var printed = System.Text.Encoding.UTF8.GetString(output.ToArray());
        Assert.That(printed, Does.Contain(message));
        Assert.That(code, Is.EqualTo(exitCode), printed.Length > 300 ? printed[..300] : printed);
        Assert.That(nodes.Pool.Kubepods.Usage, Is.EqualTo(usage), "memory that is still charged");
    }
}
