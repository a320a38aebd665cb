using System.Text;
using System.Text.RegularExpressions;
using ClusterSim.Machinery;
using ClusterSim.Nodes.Images;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using Processes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>Folders that several containers see, real programs among them: links are data to the ones, and no links to the others.</summary>
public sealed partial class SharedFolderTests
{
    private const string Pod = """
        {"containers":[
          {"name":"main","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/d"},{"name":"c","mountPath":"/c"}]},
          {"name":"real","image":"real:1","volumeMounts":[{"name":"d","mountPath":"/shared"},{"name":"c","mountPath":"/c"}]}],
         "volumes":[{"name":"d","emptyDir":{} },{"name":"c","configMap":{"name":"settings"} }]}
        """;

    private ServiceProcess? _real;

    [Test]
    public async Task A_link_of_this_machine_that_a_real_program_makes_is_refused()
    {
        using var outside = new OutsideFolder();
        await using var nodes = Nodes();
        var pod = nodes.Pod("pod", Pod);
        nodes.Advance(3);
        File.CreateSymbolicLink(_real!.Files.Resolve("/shared/link"), Path.Combine(outside.Path, "canary"));
        Directory.CreateSymbolicLink(_real.Files.Resolve("/shared/folder"), outside.Path);

        var output = await RunAsync(nodes, pod, "cat /d/link; echo bad > /d/link; cat /d/folder/canary; ls /d/folder; ls /d; cp -r /d /tmp/copy; tar c /d | tar t; grep -r canary /d; rm -r /d/link /d/folder; ls /d");

        Assert.That(output, Does.Not.Contain(OutsideFolder.Canary).And.Contain("cat: can't open '/d/link': Too many levels of symbolic links"));
        Assert.That(() => _real.Files.Resolve("/shared/link"), Throws.Nothing, "the links are gone");
        outside.AssertUntouched();
    }

    [Test]
    public async Task A_real_program_sees_files_where_a_link_leads_and_no_link()
    {
        await using var nodes = Nodes();
        var pod = nodes.Pod("pod", Pod);
        nodes.Advance(3);

        await RunAsync(nodes, pod, "mkdir /d/a; echo in > /d/a/file; ln -s a /d/link; ln -s a/file /d/b");

        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllText(_real!.Files.Resolve("/shared/link/file")), Is.EqualTo("in\n"));
            Assert.That(File.ReadAllText(_real.Files.Resolve("/shared/b")), Is.EqualTo("in\n"));
            Assert.That(
                Directory.EnumerateFileSystemEntries(_real.Files.Resolve("/shared"), "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).LinkTarget is not null), Is.Empty);
        });
    }

    [Test]
    public async Task A_ConfigMap_is_laid_out_as_the_kubelet_does_and_changes_at_once()
    {
        await using var nodes = Nodes();
        var pod = nodes.Pod("pod", Pod);
        nodes.Advance(3);
        var before = await RunAsync(nodes, pod, "cd /c; ls -a; readlink ..data colour; cat colour ..data/colour");
        var real = _real!.Files.Resolve("/c/colour");
        var resolvedBefore = await File.ReadAllTextAsync(real);

        nodes.Change("configmaps", "default", "settings", map =>
        {
            map["data"] = Object(("colour", "red"));
            return true;
        });
        nodes.Settle();

        var after = await RunAsync(nodes, pod, "cat /c/colour /c/..data/colour");
        Assert.Multiple(() =>
        {
            Assert.That(Time().Replace(before, "TIME"), Is.EqualTo(".\n..\n..TIME\n..data\ncolour\n..TIME\nblueblue"));
            Assert.That(after, Is.EqualTo("redred"));
            Assert.That(resolvedBefore, Is.EqualTo("blue"));
            Assert.That(File.ReadAllText(real), Is.EqualTo("blue"), "a path that a real program resolved just before an update is still one of a file");
            Assert.That(File.ReadAllText(_real.Files.Resolve("/c/colour")), Is.EqualTo("red"));
        });
    }

    [Test]
    public async Task Pods_that_mount_a_persistent_volume_share_its_links()
    {
        await using var nodes = Nodes();
        nodes.Put("v1", "PersistentVolumeClaim", "default", "claim", ("spec", Object(("volumeName", "pv-1"))), ("status", Object(("phase", "Bound"))));
        const string Spec = """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"claim"} }]}
            """;
        var one = nodes.Pod("one", Spec);
        nodes.Advance(3);
        await RunAsync(nodes, one, "mkdir /d/v1; echo first > /d/v1/file; ln -s v1 /d/current; mkdir /d/keep; mv /d/current /d/keep/; mv /d/v1 /d/keep/");
        nodes.Delete("one", grace: 0);
        nodes.Settle();
        var two = nodes.Pod("two", Spec);
        nodes.Advance(3);

        var output = await RunAsync(nodes, two, "readlink /d/keep/current; cat /d/keep/current/file; ls /d/keep; rm /d/keep/current; ls /d/keep");

        Assert.That(output, Is.EqualTo("v1\nfirst\ncurrent\nv1\nv1\n"));
    }

    private TestNodes Nodes()
    {
        var nodes = new TestNodes();
        nodes.Put("v1", "ConfigMap", "default", "settings", ("data", Object(("colour", "blue"))));
        nodes.Images.Add("real:1", new ServiceImage(async given =>
        {
            _real = given;
            var stopped = new TaskCompletionSource();
            await using var registration = given.Stop.Register(stopped.SetResult);
            await stopped.Task;
            return 0;
        })
        { KeepsToItsClock = true });
        return nodes;
    }

    private static async Task<string> RunAsync(TestNodes nodes, Document pod, string program)
    {
        using var output = new MemoryStream();
        await nodes.Pool.Find("node-1")!.ExecAsync(pod, "main", ["sh", "-c", program], new ContainerStreams(null, output, output, false), CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    [GeneratedRegex(@"(?<=\.\.)\d{4}_[\d_]+\.\d+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();
}
