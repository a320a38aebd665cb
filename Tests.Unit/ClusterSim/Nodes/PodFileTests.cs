using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Nodes;

/// <summary>What a container finds at its paths: read-only roots, sub-paths, <c>/etc/hosts</c>.</summary>
public sealed class PodFileTests
{
    private const string Sleeping = """{"name":"main","image":"busybox:1.36","command":["sleep","3600"],"securityContext":{"readOnlyRootFilesystem":true},"volumeMounts":[{"name":"data","mountPath":"/data"},{"name":"map","mountPath":"/etc/app"}]}""";

    [TestCase("echo x > /file", "sh: can't create /file: Read-only file system")]
    [TestCase("echo x >> /tmp/file", "sh: can't create /tmp/file: Read-only file system")]
    [TestCase("touch /file", "touch: /file: Read-only file system")]
    [TestCase("mkdir /folder", "mkdir: can't create directory '/folder': Read-only file system")]
    [TestCase("mkdir -p /var/run/app", "mkdir: can't create directory '/var/run/app': Read-only file system")]
    [TestCase("cp /etc/hostname /copy", "cp: can't create '/copy': Read-only file system")]
    [TestCase("mv /data/given /moved", "mv: can't rename '/data/given': Read-only file system")]
    [TestCase("rm /etc/hostname", "rm: can't remove '/etc/hostname': Read-only file system")]
    [TestCase("ln -s /data /link", "ln: /link: Read-only file system")]
    [TestCase("chmod 600 /etc/hostname", "chmod: /etc/hostname: Read-only file system")]
    [TestCase("sed -i s/a/b/ /etc/hostname", "sed: …Read-only file system")]
    [TestCase("echo x | tee /file >/dev/null", "tee: …Read-only file system")]
    [TestCase("truncate -s 1 /file", "truncate: /file: Read-only file system")]
    [TestCase("mktemp", "mktemp: …Read-only file system")]
    [TestCase("cd /data && tar cf pack.tar given && tar xf pack.tar -C /", "tar: …Read-only file system")]
    [TestCase("sort -o /sorted /data/given", "sort: …Read-only file system")]
    [TestCase("find /etc/hostname -delete", "find: …Read-only file system")]
    [TestCase("echo x > /etc/app/colour", "sh: can't create /etc/app/colour: Read-only file system")]
    [TestCase("rm /etc/app/colour", "rm: can't remove '/etc/app/colour': Read-only file system")]
    public async Task Nothing_is_written_under_a_read_only_root_nor_into_a_ConfigMap(string program, string complaint)
    {
        await using var nodes = new TestNodes();
        var pod = Start(nodes);

        var (code, output) = await Run(nodes, pod, "echo given > /data/given; " + program);

        Assert.Multiple(() =>
        {
            Assert.That(output, Does.Match($"^{Regex.Escape(complaint).Replace("…", ".*", StringComparison.Ordinal)}\n$"));
            Assert.That(code, Is.Not.Zero);
        });
    }

    [TestCase("echo x > /data/file && cat /data/file", "x\n")]
    [TestCase("mkdir -p /data/a/b && ls /data/a", "b\n")]
    [TestCase("echo x > /dev/null; echo kept > /dev/shm.x && cat /dev/shm.x", "kept\n")]
    [TestCase("echo done > /dev/termination-log && cat /dev/termination-log", "done\n")]
    [TestCase("echo '10.0.0.9 other' >> /etc/hosts && tail -n 1 /etc/hosts", "10.0.0.9 other\n")]
    [TestCase("mkdir -p /data && cat /etc/app/colour", "blue")]
    public async Task Volumes_and_what_the_kubelet_mounts_are_written_under_a_read_only_root(string program, string expected)
    {
        await using var nodes = new TestNodes();
        var pod = Start(nodes);

        var (code, output) = await Run(nodes, pod, program);

        Assert.That((output, code), Is.EqualTo((expected, 0)));
    }

    [Test]
    public async Task A_subPathExpr_is_the_containers_environment_in_a_path()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod-a", """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],
              "env":[{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],
              "volumeMounts":[{"name":"logs","mountPath":"/logs","subPathExpr":"of/$(POD_NAME)"},{"name":"logs","mountPath":"/all"}]}],
             "volumes":[{"name":"logs","emptyDir":{}}]}
            """);
        nodes.Settle();

        var (_, output) = await Run(nodes, pod, "echo written > /logs/line; cat /all/of/pod-a/line");

        Assert.That(output, Is.EqualTo("written\n"));
    }

    [TestCase("$(NOWHERE)/x", "missing value for NOWHERE")]
    [TestCase("$(EMPTY)$(NOWHERE)", "missing value for EMPTY, NOWHERE")]
    [TestCase("$(UP)", "unable to provision SubPath `..`: must not contain '..'")]
    [TestCase("$(ROOT)", "error SubPath `/tmp` must not be an absolute path")]
    public async Task A_subPathExpr_that_leads_nowhere_keeps_the_container_from_being_made(string expression, string message)
    {
        await using var nodes = new TestNodes();
        nodes.Pod("pod", $$"""
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],
              "env":[{"name":"UP","value":".."},{"name":"ROOT","value":"/tmp"},{"name":"EMPTY","value":""}],
              "volumeMounts":[{"name":"data","mountPath":"/data","subPathExpr":"{{expression}}"}]}],"volumes":[{"name":"data","emptyDir":{} }]}
            """);

        nodes.Settle();

        var waiting = nodes.ContainerStatus("pod").At("state", "waiting");
        Assert.Multiple(() =>
        {
            Assert.That((waiting.At("reason").Text(), waiting.At("message").Text()), Is.EqualTo(("CreateContainerConfigError", message)));
            Assert.That(nodes.Events("pod"), Has.Some.StartsWith($"Warning Failed Error: {message} "));
        });
    }

    [Test]
    public async Task A_subPathExpr_of_an_annotation_may_be_made_good_while_the_pod_waits()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("pod", """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],
              "env":[{"name":"WHERE","valueFrom":{"fieldRef":{"fieldPath":"metadata.annotations['where']"}}}],
              "volumeMounts":[{"name":"data","mountPath":"/data","subPathExpr":"$(WHERE)"},{"name":"data","mountPath":"/all"}]}],"volumes":[{"name":"data","emptyDir":{}}]}
            """);
        nodes.Advance(5);
        Assert.That(nodes.ContainerStatus("pod").At("state", "waiting", "message").Text(), Is.EqualTo("missing value for WHERE"));

        nodes.Change("pods", "default", "pod", pod =>
        {
            pod["metadata"]!["annotations"] = Object(("where", "here"));
            return true;
        });
        nodes.Advance(30);

        Assert.That(nodes.Status("pod").At("phase").Text(), Is.EqualTo("Running"));
    }

    [Test]
    public async Task A_file_mounted_from_within_a_ConfigMap_stays_as_it_was_until_the_container_starts_anew()
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "ConfigMap", "default", "settings", ("data", Object(("colour", "blue"))));
        var pod = nodes.Pod("pod", """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],
              "volumeMounts":[{"name":"map","mountPath":"/one/colour","subPath":"colour"},{"name":"map","mountPath":"/all"}]}],
             "volumes":[{"name":"map","configMap":{"name":"settings"}}]}
            """);
        nodes.Settle();

        nodes.Change("configmaps", "default", "settings", map =>
        {
            map["data"] = Object(("colour", "red"));
            return true;
        });
        nodes.Settle();
        var (_, changed) = await Run(nodes, pod, "cat /one/colour /all/colour");
        nodes.Pool.Kill(nodes.Find("pod")!);
        nodes.Settle();
        var (_, restarted) = await Run(nodes, pod, "cat /one/colour /all/colour");

        Assert.That((changed, restarted), Is.EqualTo(("bluered", "redred")));
    }

    [TestCase("configMap", "name")]
    [TestCase("secret", "secretName")]
    public async Task Optional_sources_of_a_volume_come_change_and_go_while_the_pod_runs(string kind, string field)
    {
        await using var nodes = new TestNodes();
        Make("gone", "before");
        Make("changed", "before");
        var pod = nodes.Pod("pod", $$"""
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],"volumeMounts":[
              {"name":"gone","mountPath":"/v/gone"},{"name":"changed","mountPath":"/v/changed"},{"name":"come","mountPath":"/v/come"}]}],
             "volumes":[{{Volume("gone")}},{{Volume("changed")}},{{Volume("come")}}]}
            """);
        nodes.Settle();
        var before = await Run(nodes, pod, "cd /v; cat gone/key changed/key; ls come");

        nodes.Remove(Resource(), "default", "gone");
        Make("come", "after");
        nodes.Change(Resource(), "default", "changed", source =>
        {
            source["data"] = Data("after");
            return true;
        });
        nodes.Settle();
        var after = await Run(nodes, pod, "cd /v; ls gone; cat changed/key come/key");

        Assert.That((before.Output, after.Output), Is.EqualTo(("beforebefore", "afterafter")));

        string Volume(string name) => $$"""{"name":"{{name}}","{{kind}}":{"{{field}}":"{{name}}","optional":true} }""";

        string Resource() => kind == "secret" ? "secrets" : "configmaps";

        JsonObject Data(string value) => Object(("key", kind == "secret" ? Convert.ToBase64String(Encoding.UTF8.GetBytes(value)) : value));

        void Make(string name, string value) => nodes.Put("v1", kind == "secret" ? "Secret" : "ConfigMap", "default", name, ("data", Data(value)));
    }

    [Test]
    public async Task A_projected_volume_is_of_all_its_sources_and_follows_them()
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "ConfigMap", "default", "settings", ("data", Object(("colour", "blue"))));
        nodes.Put("v1", "Secret", "default", "keys", ("data", Object(("pw", Convert.ToBase64String("s3cret"u8)))));
        var pod = nodes.Pod("pod", """
            {"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"],"resources":{"limits":{"memory":"64Mi"}},"volumeMounts":[{"name":"all","mountPath":"/all"}]}],
             "volumes":[{"name":"all","projected":{"defaultMode":256,"sources":[
               {"configMap":{"name":"settings","items":[{"key":"colour","path":"of/colour","mode":292}]}},
               {"secret":{"name":"keys"}},
               {"downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}},{"path":"memory","resourceFieldRef":{"containerName":"main","resource":"limits.memory","divisor":"1Mi"}}]}},
               {"serviceAccountToken":{"path":"token","audience":"vault","expirationSeconds":600}}]}}]}
            """);
        nodes.Settle();
        var before = await Run(nodes, pod, "cd /all; cat of/colour pw memory; cat labels; echo; cat token; stat -L -c ' %a' of/colour pw");

        nodes.Change("pods", "default", "pod", pod =>
        {
            pod["metadata"]!["labels"] = Object(("tier", "web"));
            return true;
        });
        nodes.Change("secrets", "default", "keys", secret =>
        {
            secret["data"] = Object(("pw", Convert.ToBase64String("changed"u8)));
            return true;
        });
        nodes.Settle();
        var after = await Run(nodes, pod, "cd /all; cat pw labels");

        Assert.Multiple(() =>
        {
            Assert.That(before.Output, Is.EqualTo("blues3cret64\ntoken of default/pod for 'vault' 444\n 400\n"));
            Assert.That(after.Output, Is.EqualTo("changedtier=\"web\""));
        });
    }

    [Test]
    public async Task Hosts_are_the_kubelets_with_the_pods_aliases()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("web-0", """
            {"subdomain":"web","hostAliases":[{"ip":"123.45.67.89","hostnames":["foo","bar"]},{"ip":"10.0.0.7","hostnames":["seven"]}],
             "containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}
            """);
        nodes.Settle();

        var (_, hosts) = await Run(nodes, pod, "cat /etc/hosts");

        Assert.That(hosts, Is.EqualTo($"""
            # Kubernetes-managed hosts file.
            127.0.0.1	localhost
            ::1	localhost ip6-localhost ip6-loopback
            fe00::	ip6-localnet
            fe00::	ip6-mcastprefix
            fe00::1	ip6-allnodes
            fe00::2	ip6-allrouters
            {nodes.Status("web-0").At("podIP").Text()}	web-0.web.default.svc.cluster.local	web-0

            # Entries added by HostAliases.
            123.45.67.89	foo	bar
            10.0.0.7	seven

            """));
    }

    private static Document Start(TestNodes nodes)
    {
        nodes.Put("v1", "ConfigMap", "default", "settings", ("data", Object(("colour", "blue"))));
        var pod = nodes.Pod("pod", $$"""{"containers":[{{Sleeping}}],"volumes":[{"name":"data","emptyDir":{} },{"name":"map","configMap":{"name":"settings"} }]}""");
        nodes.Settle();
        return pod;
    }

    private static async Task<(int Code, string Output)> Run(TestNodes nodes, Document pod, string program)
    {
        using var output = new MemoryStream();
        var code = await nodes.Pool.Find("node-1")!.ExecAsync(pod, "main", ["sh", "-c", program], new ContainerStreams(null, output, output, false), CancellationToken.None);
        return (code, Encoding.UTF8.GetString(output.ToArray()));
    }
}
