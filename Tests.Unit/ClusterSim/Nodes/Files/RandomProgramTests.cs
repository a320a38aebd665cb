using System.Globalization;
using System.Text;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>
/// Random shell programs in containers that share a volume, a sub-path of it and a persistent volume: nothing outside is read or changed, nor is a
/// link of this machine made. <c>SHELL_PROGRAMS</c> says how many.
/// </summary>
public sealed class RandomProgramTests
{
    private const int Programs = 25;
    private const int CommandsMax = 25;

    private static readonly string[] Paths =
        ["/d/a", "/d/b", "/d/c", "/d/a/x", "/d/b/canary", "/d/sub", "/d/sub/a", "/s/a", "/s/b", "/s/a/canary", "/tmp/a", "/tmp/b", "/tmp/a/folder", "/etc", "/etc/hosts", "a", "b", "../a", "a/..", "/d/a/../b", "{OUT}", "{OUT}/canary", "{OUT}/folder"];

    private static readonly string[] Commands =
    [
        "ln -s {P} {P}", "ln -s {OUT} {P}", "ln -s {OUT}/canary {P}", "ln -s / {P}", "ln -s ../../../../../..{OUT} {P}", "ln -sf {P} {P}", "ln {P} {P}", "mv {P} {P}", "mv {P} {P}", "cp -r {P} {P}", "cp {P} {P}", "cp -a {P} {P}",
        "rm -rf {P}", "mkdir -p {P}", "mkdir -p {P}/x/folder", "touch {P}", "echo bad > {P}", "echo bad >> {P}/canary", "cat {P} {P}/*", "chmod -R 777 {P}", "du {P}", "ls -laR {P}", "find {P} -type f", "find {P} -name canary -delete",
        "grep -r . {P}", "tar cf /tmp/t.tar {P}", "tar xf /tmp/t.tar -C {P}", "tar c {P} | tar x -C {P}", "tar cf {P} {P}", "cd {P}", "sed -i s/a/b/ {P}", "truncate -s 1 {P}", "echo bad | tee {P}", "stat {P}", "head -c 99 {P}",
        "for f in {P}/*; do cat $f; done", "[ -e {P} ] && cat < {P}", "mktemp -p {P}", "sort -o {P} {P}", "rmdir {P}", "readlink -f {P}", "realpath {P}",
    ];

    [Test, Category(Samples.Category)]
    public async Task Random_programs_do_not_reach_outside()
    {
        using var outside = new OutsideFolder();
        await using var nodes = new TestNodes();
        foreach (var seed in Samples.Seeds(Programs))
        {
            var random = new Random(seed);
            var name = $"pod-{seed}";
            var pod = nodes.Pod(name, """
                {"containers":[
                  {"name":"one","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/d"}]},
                  {"name":"two","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/s","subPath":"sub"},{"name":"d","mountPath":"/d/in"},{"name":"e","mountPath":"/etc"}]}],
                 "volumes":[{"name":"d","emptyDir":{} },{"name":"e","emptyDir":{} }]}
                """);
            nodes.Settle();
            for (var run = 0; run < 4; run++)
            {
                var program = string.Join("; ", Enumerable.Range(0, random.Next(CommandsMax)).Select(_ => Command(random))).Replace("{OUT}", outside.Path, StringComparison.Ordinal);

                var output = await RunAsync(nodes, pod, random.Next(2) == 0 ? "one" : "two", program);

                Assert.That(output, Does.Not.Contain(OutsideFolder.Canary), $"seed {seed}: {program}");
            }
            nodes.Delete(name, grace: 0);
            nodes.Settle();
        }
        outside.AssertUntouched();
    }

    private static string Command(Random random)
    {
        var command = Commands[random.Next(Commands.Length)];
        while (command.IndexOf("{P}", StringComparison.Ordinal) is var at and >= 0)
            command = command[..at] + Paths[random.Next(Paths.Length)] + command[(at + 3)..];
        return command;
    }

    private static async Task<string> RunAsync(TestNodes nodes, Document pod, string container, string program)
    {
        using var output = new MemoryStream();
        using var input = new MemoryStream();
        await nodes.Pool.Find("node-1")!.ExecAsync(pod, container, ["sh", "-c", program], new ContainerStreams(input, output, output, false), CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
