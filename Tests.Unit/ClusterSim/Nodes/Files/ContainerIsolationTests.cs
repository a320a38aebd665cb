using System.Formats.Tar;
using System.Globalization;
using System.Text;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using Processes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>Nothing that a manifest says, and nothing that runs in a container, reads or changes a file of this machine outside the container's own.</summary>
public sealed class ContainerIsolationTests
{
    private OutsideFolder _outside = null!;

    [SetUp]
    public void SetUp() => _outside = new OutsideFolder();

    [TearDown]
    public void TearDown() => _outside.Dispose();

    [TestCase("ln -s {OUT} /d/x; cat /d/x/canary; echo bad > /d/x/canary; echo bad > /d/x/new")]
    [TestCase("ln -s {OUT}/canary /d/x; cat /d/x; echo bad > /d/x; echo bad >> /d/x")]
    [TestCase("mkdir -p /d/a /d/b; echo bad > /d/a/f; ln -s {OUT}/canary /d/b/f; cp -r /d/a/. /d/b; cp -r /d/a/f /d/b; mv /d/b /d/c; cp -r /d/a /d/c; cp /d/a/f /d/c/f")]
    [TestCase("mkdir -p /d/a/f /d/b/a; echo bad > /d/a/f/canary; ln -s {OUT} /d/b/a/f; cp -r /d/a /d/b")]
    [TestCase("mkdir /d/a; ln -s {OUT}/canary /d/a/f; cp -r /d/a /d/b; cat /d/b/f; cp /d/a/f /d/g; cat /d/g")]
    [TestCase("mkdir /d/a; ln -s {OUT}/canary /d/a/f; ln -s {OUT}/folder /d/a/g; chmod -R 777 /d; chmod 777 /d/a/f /d/a/g")]
    [TestCase("ln -s {OUT} /d/x; du /d; du -s /d/x; du /d/x")]
    [TestCase("ln -s {OUT} /d/x; mkdir /d/y; ln -s {OUT}/canary /d/y/f; grep -r canary /d; grep -r . /d/x; grep canary /d/y/f")]
    [TestCase("ln -s {OUT} /d/x; find /d/x/ -type f; find /d -name canary -delete; find /d/x -delete; rm -rf /d/x/*; rm -rf /d/x/; rm -r /d/x/folder")]
    [TestCase("ln -s {OUT} /d/x; mv /d/x/canary /d/y; mv /d/x/folder /d/z; cat /d/y /d/z/canary")]
    [TestCase("echo bad > /d/f; ln -s {OUT} /d/x; mv /d/f /d/x; mv /d/f /d/x/canary; cp /d/f /d/x/canary; ln /d/x/canary /d/h; cat /d/h; ln -s /d/f /d/x/link")]
    [TestCase("ln -s {OUT}/canary /d/x; touch /d/x; truncate -s 0 /d/x; sed -i s/canary/bad/ /d/x; echo bad | tee /d/x; sort -o /d/x /etc/hosts; rmdir {OUT}/folder/empty; rmdir /d/x")]
    [TestCase("ln -s {OUT} /d/x; mkdir /d/x/new; mkdir -p /d/x/a/b; mktemp -p /d/x; mktemp -d -p /d/x; touch /d/x/t")]
    [TestCase("ln -s {OUT} /d/x; cd /d/x; cat canary; echo bad > canary; ls; echo *; cat ./*; . ./canary; sh canary; ./canary")]
    [TestCase("ln -s {OUT} /d/x; tar cf /d/all.tar -C /d/x .; tar cf /d/more.tar /d/x/canary /d/x/; tar xOf /d/all.tar; tar xOf /d/more.tar")]
    [TestCase("ln -s / /d/r; cat /d/r{OUT}/canary; echo bad > /d/r{OUT}/canary; cat /d/../..{OUT}/canary; cat /d/r/../..{OUT}/canary")]
    [TestCase("ln -s .. /d/u; cat /d/u/u/u/u/u{OUT}/canary; ln -s ../../../../../../../../../..{OUT}/canary /d/v; cat /d/v; head /d/v; tail /d/v; wc /d/v; cat < /d/v; md5sum /d/v")]
    [TestCase("rm -rf /tmp; ln -s {OUT} /tmp; echo bad > /tmp/new; mktemp; cat /tmp/canary; rm -rf /dev; ln -s {OUT} /dev; echo bad > /dev/canary; cat /dev/canary")]
    public async Task No_command_reaches_through_a_link(string program)
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        nodes.Settle();

        var output = await RunAsync(nodes, pod, program.Replace("{OUT}", _outside.Path, StringComparison.Ordinal));

        Assert.That(output, Does.Not.Contain(OutsideFolder.Canary));
        _outside.AssertUntouched();
    }

    [TestCase(TarEntryType.RegularFile, "canary")]
    [TestCase(TarEntryType.RegularFile, "new")]
    [TestCase(TarEntryType.Directory, "folder")]
    [TestCase(TarEntryType.Directory, "new")]
    [TestCase(TarEntryType.HardLink, "canary")]
    [TestCase(TarEntryType.HardLink, "new")]
    [TestCase(TarEntryType.SymbolicLink, "canary")]
    public async Task An_archive_does_not_reach_through_a_link_that_it_holds(TarEntryType type, string name)
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        nodes.Settle();
        var target = Path.Combine(_outside.Path, name);
        var archive = Archive(
            Link("direct", target), Entry("direct"), // of the same name
            Link("parent", _outside.Path), Entry("parent/" + name),
            new GnuTarEntry(TarEntryType.HardLink, "hard") { LinkName = target },
            Link("soft", target), new GnuTarEntry(TarEntryType.HardLink, "harder") { LinkName = "soft" }, Entry("harder"));

        await RunAsync(nodes, pod, "mkdir /x; tar x -C /x", archive);
        var output = await RunAsync(nodes, pod, "cd /x; chmod -R 777 .; cat hard harder direct parent/*; tar c . | tar xO");

        Assert.That(output, Does.Not.Contain(OutsideFolder.Canary));
        _outside.AssertUntouched();

        GnuTarEntry Entry(string path) => type switch
        {
            TarEntryType.RegularFile => new GnuTarEntry(type, path) { DataStream = new MemoryStream("bad"u8.ToArray()), Mode = (UnixFileMode)0x1ff },
            TarEntryType.Directory => new GnuTarEntry(type, path) { Mode = (UnixFileMode)0x1ff },
            _ => new GnuTarEntry(type, path) { LinkName = "/etc/hostname" },
        };
    }

    [TestCase("x", "ln -s {OUT} /d/x")]
    [TestCase("x/folder", "ln -s {OUT} /d/x")]
    [TestCase("x{OUT}", "ln -s / /d/x")]
    [TestCase("x/canary", "ln -s {OUT} /d/x")]
    [TestCase("x", "ln -s {OUT}/canary /d/x")]
    [TestCase("a/x/folder", "mkdir /d/a; ln -s ../../../../../../../../..{OUT} /d/a/x")]
    [TestCase("x/made/new", "ln -s {OUT} /d/x")]
    public async Task A_subPath_does_not_lead_out_of_its_volume(string subPath, string prepare)
    {
        await using var nodes = new TestNodes();
        var (sub, program) = (subPath.Replace("{OUT}", _outside.Path, StringComparison.Ordinal), prepare.Replace("{OUT}", _outside.Path, StringComparison.Ordinal));
        var pod = nodes.Pod("pod", $$"""
            {"initContainers":[{"name":"init","image":"busybox:1.36","command":["sh","-c","{{program}}"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","cat /s /s/* ; echo bad > /s; echo bad > /s/canary; echo bad > /s/new; sleep 3600"],"volumeMounts":[{"name":"d","mountPath":"/s","subPath":"{{sub}}"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        nodes.Advance(5);

        var waiting = nodes.ContainerStatus("pod").At("state", "waiting");
        Assert.Multiple(() =>
        {
            Assert.That((waiting.At("reason").Text(), waiting.At("message").Text()), Is.EqualTo(("CreateContainerConfigError", "failed to prepare subPath for volumeMount \"d\" of container \"main\"")));
            _outside.AssertUntouched();
        });
        Assert.That(await nodes.Log("pod", "init"), Is.Empty);
        Assert.That(pod, Is.Not.Null);
    }

    [Test]
    public async Task A_subPath_follows_a_link_that_stays_in_its_volume()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", """
            {"initContainers":[{"name":"init","image":"busybox:1.36","command":["sh","-c","mkdir -p /d/a/real; echo in > /d/a/real/f; ln -s real /d/a/x"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/s","subPath":"a/x"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        nodes.Advance(5);

        Assert.That(await RunAsync(nodes, pod, "cat /s/f"), Is.EqualTo("in\n"));
    }

    [TestCase("ln -s {OUT}/canary /dev/termination-log", "/dev/termination-log")]
    [TestCase("ln -s {OUT} /d/x", "/d/x/canary")]
    [TestCase("rm -rf /dev; ln -s {OUT} /dev", "/dev/canary")]
    [TestCase("true", "/../../../../../../../..{OUT}/canary")]
    [TestCase("ln -s / /d/x", "/d/x{OUT}/canary")]
    public async Task A_termination_message_is_not_of_this_machine(string program, string path)
    {
        await using var nodes = new TestNodes();
        nodes.Pod("pod", $$"""
            {"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","{{Of(program)}}"],"terminationMessagePath":"{{Of(path)}}","volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        nodes.Advance(3);

        var ended = nodes.ContainerStatus("pod").At("state", "terminated");
        Assert.That((ended.At("reason").Text(), ended.At("message").Text("")), Is.EqualTo(("Completed", "")));

        string Of(string text) => text.Replace("{OUT}", _outside.Path, StringComparison.Ordinal);
    }

    [TestCase("rm -rf /etc; ln -s {OUT} /etc")]
    [TestCase("rm -f /etc/hosts /etc/hostname /etc/resolv.conf; for n in hosts hostname resolv.conf; do ln -s {OUT}/canary /etc/$n; done")]
    [TestCase("rm -rf /tmp /dev /m; ln -s {OUT} /tmp; ln -s {OUT} /dev; ln -s {OUT} /m")]
    public async Task A_restart_writes_nothing_through_what_the_container_made_of_its_root(string program)
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", $$"""
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","[ -e /d/again ] && sleep 3600; touch /d/again; {{program.Replace("{OUT}", _outside.Path, StringComparison.Ordinal)}}; exit 1"],
              "volumeMounts":[{"name":"d","mountPath":"/d"},{"name":"m","mountPath":"/m/deep/mount"}]}],
             "volumes":[{"name":"d","emptyDir":{} },{"name":"m","emptyDir":{} }]}
            """);
        nodes.Advance(30);

        Assert.That(nodes.ContainerStatus("pod").At("state", "running").Exists(), Is.True, "the second run");
        var output = await RunAsync(nodes, pod, "cat /etc/hosts; echo x > /m/deep/mount/file; echo x > /tmp/file");
        Assert.That(output, Does.StartWith("# Kubernetes-managed hosts file."));
        _outside.AssertUntouched();
    }

    [Test]
    public async Task A_web_server_gives_nothing_through_links()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", $$"""
            {"initContainers":[{"name":"init","image":"busybox:1.36","command":["sh","-c","cd /d; ln -s {{_outside.Path}}/canary index.html; ln -s {{_outside.Path}} folder; mkdir sub; ln -s {{_outside.Path}}/canary sub/index.html; ln -s / all"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "containers":[{"name":"main","image":"nginx:1.29","volumeMounts":[{"name":"d","mountPath":"/usr/share/nginx/html"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        nodes.Advance(5);

        var output = await RunAsync(nodes, pod, $"for p in / /index.html /folder/ /folder/canary /folder/index.html /sub/ /all{_outside.Path}/canary /../../..{_outside.Path}/canary; do wget -qO- http://localhost$p; done");

        Assert.That(output, Does.Contain("Welcome to nginx!").And.Not.Contain(OutsideFolder.Canary));
    }

    [Test]
    public async Task Programs_of_images_read_no_file_through_links()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", $$"""
            {"initContainers":[{"name":"init","image":"busybox:1.36","command":["sh","-c","ln -s {{_outside.Path}}/canary /d/hosts; ln -s {{_outside.Path}}/canary /d/resolv.conf"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "containers":[{"name":"main","image":"registry.k8s.io/e2e-test-images/agnhost:2.57","args":["pause"],"volumeMounts":[{"name":"d","mountPath":"/etc"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        nodes.Advance(5);

        foreach (var words in (string[][])[["/agnhost", "etc-hosts"], ["/agnhost", "dns-suffix"], ["/agnhost", "mounttest", "--file_content=/etc/hosts", "--new_file_0777=/etc/hosts", "--file_mode=/etc/hosts"], ["hostname", "-i"], ["cat", "/etc/hosts"]])
        {
            using var output = new MemoryStream();
            await nodes.Pool.Find("node-1")!.ExecAsync(pod, "main", words, new ContainerStreams(null, output, output, false), CancellationToken.None);
            Assert.That(Encoding.UTF8.GetString(output.ToArray()), Does.Not.Contain(OutsideFolder.Canary), string.Join(' ', words));
        }
        _outside.AssertUntouched();
    }

    /// <summary>PGDATA, the file of a token: a real program opens the path that it is given.</summary>
    [TestCase("/d/x/canary")]
    [TestCase("/d/x")]
    [TestCase("/d/x/folder/new")]
    [TestCase("/d/f")]
    [TestCase("/d/../../../../../../../../../..{OUT}/canary")]
    [TestCase("/d/up/up/up/up/up/up/up{OUT}/canary")]
    [TestCase("/d/root{OUT}/canary")]
    [TestCase("/s/x/canary")]
    public async Task A_real_program_gets_no_path_out_of_its_container(string path)
    {
        ServiceProcess? process = null;
        await using var nodes = new TestNodes();
        nodes.Images.Add("real:1", new ServiceImage(async given =>
        {
            process = given;
            var stopped = new TaskCompletionSource();
            await using var registration = given.Stop.Register(stopped.SetResult);
            await stopped.Task;
            return 0;
        })
        { KeepsToItsClock = true });
        nodes.Pod("pod", $$"""
            {"initContainers":[{"name":"init","image":"busybox:1.36","command":["sh","-c","ln -s {{_outside.Path}} /d/x; ln -s {{_outside.Path}}/canary /d/f; ln -s .. /d/up; ln -s / /d/root; mkdir /d/sub; ln -s {{_outside.Path}} /d/sub/x"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "containers":[{"name":"main","image":"real:1","volumeMounts":[{"name":"d","mountPath":"/d"},{"name":"d","mountPath":"/s","subPath":"sub"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        nodes.Advance(5);

        var resolved = process!.Files.Resolve(path.Replace("{OUT}", _outside.Path, StringComparison.Ordinal));

        Directory.CreateDirectory(Path.GetDirectoryName(resolved)!);
        await File.WriteAllTextAsync(resolved, "bad");
        _outside.AssertUntouched();
    }

    [Test]
    public async Task What_swaps_while_another_reads_never_leads_out()
    {
        const int Rounds = 400;
        await using var nodes = new TestNodes(realTime: true);
        var pod = nodes.Pod("pod", """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "volumes":[{"name":"d","emptyDir":{} }]}
            """);
        await Eventually.ThatAsync(() => nodes.Status("pod").At("phase").Text() == "Running", "the pod runs");
        await RunAsync(nodes, pod, $"mkdir -p /d/own; echo own > /d/own/canary; ln -s {_outside.Path} /d/link; mkdir /d/x; echo own > /d/x/canary");

        var swapping = Task.Run(() => RunAsync(nodes, pod, string.Create(CultureInfo.InvariantCulture,
            $"i=0; while [ $i -lt {Rounds} ]; do mv /d/x /d/y; mv /d/link /d/x; mv /d/x /d/link; mv /d/y /d/x; i=$((i+1)); done")));
        var read = new StringBuilder();
        while (!swapping.IsCompleted)
            read.Append(await RunAsync(nodes, pod, "for i in 1 2 3 4 5 6 7 8 9; do cat /d/x/canary; echo bad >> /d/x/canary; chmod 777 /d/x/canary; touch /d/x/new; rm -f /d/x/hosts; done 2>/dev/null"));
        await swapping;

        Assert.That(read.ToString(), Does.Not.Contain(OutsideFolder.Canary));
        _outside.AssertUntouched();
    }

    [TestCase("{OUT}")]
    [TestCase("..")]
    [TestCase("../../outside")]
    [TestCase("a/b")]
    [TestCase("")]
    public void The_name_of_a_persistent_volume_is_no_path(string name)
    {
        using var folders = new NodeFolders(null, hostPathsAllowed: false, new ProgramLimits());

        Assert.That(() => folders.OfPersistentVolume(name.Replace("{OUT}", _outside.Path, StringComparison.Ordinal)), Throws.ArgumentException);
    }

    [Test]
    public async Task A_claim_that_names_a_path_as_its_volume_is_not_mounted()
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "PersistentVolumeClaim", "default", "claim", ("spec", Object(("volumeName", _outside.Path))), ("status", Object(("phase", "Bound"))));
        nodes.Pod("pod", """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","cat /d/canary; echo bad > /d/canary"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}],
             "volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"claim"} }]}
            """);

        nodes.Advance(3);

        Assert.That(nodes.Status("pod").At("phase").Text("Pending"), Is.EqualTo("Pending"));
        _outside.AssertUntouched();
    }

    private static GnuTarEntry Link(string path, string target) => new(TarEntryType.SymbolicLink, path) { LinkName = target };

    private static byte[] Archive(params ReadOnlySpan<TarEntry> entries)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, leaveOpen: true))
            foreach (var entry in entries)
                writer.WriteEntry(entry);
        return archive.ToArray();
    }

    private static async Task<string> RunAsync(TestNodes nodes, Document pod, string program, byte[]? input = null)
    {
        using var output = new MemoryStream();
        using var given = input is null ? null : new MemoryStream(input);
        await nodes.Pool.Find("node-1")!.ExecAsync(pod, "main", ["sh", "-c", program], new ContainerStreams(given, output, output, false), CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
