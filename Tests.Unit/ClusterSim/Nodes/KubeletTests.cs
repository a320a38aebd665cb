using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using Processes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Nodes;

public sealed class KubeletTests
{
    private const string Box = """{"containers":[{"name":"main","image":"box:1.0"}]}""";

    [Test]
    public async Task A_pod_that_is_bound_runs_and_is_ready()
    {
        await using var nodes = new TestNodes();

        nodes.Pod("sleeps", Box);
        nodes.Settle();

        Assert.That(nodes.Status("sleeps").At("phase").Text(), Is.EqualTo("Running"));
        Assert.That(nodes.Condition("sleeps", "Ready"), Is.EqualTo("True"));
        Assert.That(nodes.Status("sleeps").At("podIP").Text(), Does.StartWith("10.42."));
    }

    [Test]
    public async Task A_deleted_pod_ends_and_its_object_goes()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("sleeps", Box);
        nodes.Settle();

        nodes.Delete("sleeps");
        nodes.Settle();

        Assert.That(nodes.Find("sleeps"), Is.Null);
        Assert.That(nodes.Networks.Attached, Is.Zero);
        Assert.That(nodes.Events("sleeps"), Does.Contain("Normal Killing Stopping container main ×1"));
    }

    [Test]
    public async Task A_program_that_ignores_SIGTERM_is_killed_after_the_grace_period()
    {
        await using var nodes = new TestNodes();
        nodes.Images.Add("stubborn:1", Program(async process =>
        {
            await Task.Delay(TimeSpan.FromDays(1), process.Clock, CancellationToken.None);
            return 0;
        }));
        nodes.Pod("stubborn", """{"terminationGracePeriodSeconds":7,"containers":[{"name":"main","image":"stubborn:1"}]}""");
        nodes.Settle();

        nodes.Delete("stubborn");
        nodes.Advance(6.9);
        Assert.That(nodes.Find("stubborn"), Is.Not.Null, "before the grace period is over");
        nodes.Advance(0.2);

        Assert.That(nodes.Find("stubborn"), Is.Null);
    }

    [Test]
    public async Task PreStop_runs_before_SIGTERM_and_within_the_grace_period()
    {
        var order = new List<string>();
        await using var nodes = new TestNodes();
        nodes.Images.Add("app:1", new ServiceImage(async process =>
        {
            await ClosedAsync(process);
            order.Add("terminated");
            return 0;
        })
        {
            KeepsToItsClock = true,
            Programs = new Dictionary<string, ProgramMain>(StringComparer.Ordinal)
            {
                ["drain"] = _ =>
                {
                    order.Add("drained");
                    return Task.FromResult(0);
                },
            },
        });
        nodes.Pod("app", """{"terminationGracePeriodSeconds":30,"containers":[{"name":"main","image":"app:1","lifecycle":{"preStop":{"exec":{"command":["drain"]}}}}]}""");
        nodes.Settle();

        nodes.Delete("app");
        nodes.Settle();

        Assert.That(order, Is.EqualTo((string[])["drained", "terminated"]));
        Assert.That(nodes.Find("app"), Is.Null);
    }

    [Test]
    public async Task A_sidecar_starts_before_and_ends_after_the_containers()
    {
        var order = new ConcurrentQueue<string>();
        await using var nodes = new TestNodes();
        nodes.Images.Add("told:1", new ServiceImage(async process =>
        {
            order.Enqueue("start " + process.Environment["NAME"]);
            await ClosedAsync(process);
            order.Enqueue("end " + process.Environment["NAME"]);
            return 0;
        })
        {
            KeepsToItsClock = true,
            // Fails the first time, whatever has begun by then: the container must not be started before it has passed.
            Programs = new Dictionary<string, ProgramMain>(StringComparer.Ordinal)
            {
                ["has-begun"] = _ =>
                {
                    order.Enqueue("probe");
                    return Task.FromResult(order.Contains("start side") && order.Count(told => told == "probe") > 1 ? 0 : 1);
                },
            },
        });
        nodes.Pod("pod", """
            {"initContainers":[{"name":"side","image":"told:1","restartPolicy":"Always","env":[{"name":"NAME","value":"side"}],
              "startupProbe":{"exec":{"command":["has-begun"]},"periodSeconds":1,"failureThreshold":30}}],
             "containers":[{"name":"main","image":"told:1","env":[{"name":"NAME","value":"main"}]}]}
            """);
        nodes.Advance(5);

        nodes.Delete("pod");
        nodes.Settle();

        Assert.That(order.Where(told => told != "probe"), Is.EqualTo((string[])["start side", "start main", "end main", "end side"]));
        Assert.That(order.TakeWhile(told => told != "start main").Count(told => told == "probe"), Is.GreaterThan(1), "the container waits for the sidecar to have started");
    }

    [Test]
    public async Task Back_off_doubles_from_ten_seconds()
    {
        var starts = new List<DateTimeOffset>();
        await using var nodes = new TestNodes();
        nodes.Images.Add("crash:1", Program(process =>
        {
            starts.Add(process.Clock.GetUtcNow());
            return Task.FromResult(1);
        }));

        nodes.Pod("crash", """{"containers":[{"name":"main","image":"crash:1"}]}""");
        nodes.Advance(1000);

        var waits = starts.Zip(starts.Skip(1), (one, next) => (next - one).TotalSeconds);
        Assert.That(waits, Is.EqualTo((double[])[0, 10, 20, 40, 80, 160, 300, 300]));
        Assert.That(nodes.ContainerStatus("crash").At("state", "waiting", "reason").Text(), Is.EqualTo("CrashLoopBackOff"));
        Assert.That(nodes.ContainerStatus("crash").At("state", "waiting", "message").Text(), Does.StartWith("back-off 5m0s restarting failed container=main pod=crash_default("));
    }

    [Test]
    public async Task An_unhandled_exception_is_exit_code_134_with_its_stack_in_the_log()
    {
        await using var nodes = new TestNodes();
        nodes.Images.Add("broken:1", Program(_ => throw new InvalidOperationException("the disk is on fire")));

        nodes.Pod("broken", """{"restartPolicy":"Never","containers":[{"name":"main","image":"broken:1"}]}""");
        nodes.Settle();

        Assert.That(nodes.ContainerStatus("broken").At("state", "terminated", "exitCode").Integer(0), Is.EqualTo(134));
        Assert.That(await nodes.Log("broken"), Does.StartWith("Unhandled exception. System.InvalidOperationException: the disk is on fire"));
    }

    [Test]
    public async Task Environment_comes_from_values_ConfigMaps_Secrets_fields_and_resources()
    {
        IReadOnlyDictionary<string, string>? seen = null;
        ServiceProcess? process = null;
        await using var nodes = new TestNodes();
        nodes.Images.Add("env:1", Program(given =>
        {
            (seen, process) = (given.Environment, given);
            return Task.FromResult(0);
        }, new ImageConfiguration { Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["FROM_IMAGE"] = "yes" } }));
        nodes.Put("v1", "ConfigMap", "default", "settings", ("data", Object(("COLOUR", "blue"), ("SIZE", "3"))));
        nodes.Put("v1", "Secret", "default", "keys", ("data", Object(("pw", Convert.ToBase64String("s3cret"u8)))));
        nodes.Put("v1", "Service", "default", "db", ("spec", Object(("clusterIP", "10.43.0.9"), ("ports", new JsonArray(Object(("port", 5432), ("protocol", "TCP")))))));

        nodes.Pod("env", """
            {"containers":[{"name":"main","image":"env:1","args":["--colour=$(COLOUR)","$(UNKNOWN)","$$(COLOUR)"],
              "resources":{"limits":{"memory":"64Mi","cpu":"250m"}},
              "envFrom":[{"configMapRef":{"name":"settings"}},{"prefix":"P_","configMapRef":{"name":"settings"}},{"secretRef":{"name":"none","optional":true}}],
              "env":[{"name":"PLAIN","value":"a $(FROM_IMAGE) b"},{"name":"PW","valueFrom":{"secretKeyRef":{"name":"keys","key":"pw"}}},
                {"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}},{"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
                {"name":"MEM","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
                {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}}]}]}
            """);
        nodes.Settle();

        Assert.That(seen, Is.Not.Null);
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[
            ("FROM_IMAGE", "yes"), ("COLOUR", "blue"), ("P_SIZE", "3"), ("PLAIN", "a yes b"), ("PW", "s3cret"), ("NODE", "node-1"),
            ("MEM", "64"), ("CPU", "1"), ("HOSTNAME", "env"), ("DB_SERVICE_HOST", "10.43.0.9"), ("DB_PORT_5432_TCP", "tcp://10.43.0.9:5432")])
            Assert.That(seen![name], Is.EqualTo(value), name);
        Assert.That(seen!["IP"], Is.EqualTo(nodes.Status("env").At("podIP").Text()));
        Assert.That(process!.Arguments, Is.EqualTo((string[])["--colour=blue", "$(UNKNOWN)", "$(COLOUR)"]));
    }

    [Test]
    public async Task Volumes_are_files_and_follow_their_ConfigMap()
    {
        ServiceProcess? process = null;
        await using var nodes = new TestNodes();
        nodes.Images.Add("files:1", Program(async given =>
        {
            process = given;
            await ClosedAsync(given);
            return 0;
        }));
        nodes.Put("v1", "ConfigMap", "default", "settings", ("data", Object(("a.json", "one"), ("b", "two"))));
        nodes.Pod("files", """
            {"containers":[{"name":"main","image":"files:1","volumeMounts":[{"name":"c","mountPath":"/etc/app"},{"name":"c","mountPath":"/one/b","subPath":"b"},{"name":"e","mountPath":"/data"}]}],
             "volumes":[{"name":"c","configMap":{"name":"settings","defaultMode":256}},{"name":"e","emptyDir":{}}]}
            """, withToken: true);
        nodes.Settle();
        string Read(string path) => File.ReadAllText(process!.Files.Resolve(path));

        Assert.That(Read("/etc/app/a.json"), Is.EqualTo("one"));
        Assert.That(Read("/one/b"), Is.EqualTo("two"));
        Assert.That(Read("/var/run/secrets/kubernetes.io/serviceaccount/token"), Is.EqualTo("token of default/files for ''"));
        Assert.That(Read("/var/run/secrets/kubernetes.io/serviceaccount/namespace"), Is.EqualTo("default"));
        Assert.That(File.GetUnixFileMode(process!.Files.Resolve("/etc/app/..data/a.json")), Is.EqualTo(UnixFileMode.UserRead));
        await File.WriteAllTextAsync(process.Files.Resolve("/data/mine"), "kept");

        nodes.Change("configmaps", "default", "settings", map =>
        {
            map["data"] = Object(("a.json", "changed"), ("new", "three"));
            return true;
        });
        nodes.Settle();

        Assert.That(Read("/etc/app/a.json"), Is.EqualTo("changed"));
        Assert.That(Read("/etc/app/new"), Is.EqualTo("three"));
        Assert.That(File.Exists(process.Files.Resolve("/etc/app/b")), Is.False);
        var folder = process.Files.Resolve("/data");
        nodes.Delete("files");
        nodes.Settle();
        Assert.That(Directory.Exists(folder), Is.False, "an emptyDir goes with its pod");
    }

    [Test]
    public async Task Logs_are_tailed_stamped_and_kept_of_the_instance_before()
    {
        var starts = 0;
        await using var nodes = new TestNodes();
        nodes.Images.Add("log:1", Program(async process =>
        {
            var instance = ++starts;
            for (var line = 1; line <= 3; line++)
                await process.Output.WriteAsync(Encoding.UTF8.GetBytes($"{instance}.{line}\n"));
            if (instance == 1)
                return 1;
            await ClosedAsync(process);
            return 0;
        }));
        nodes.Pod("log", """{"containers":[{"name":"main","image":"log:1"}]}""");
        nodes.Settle();

        Assert.That(await nodes.Log("log"), Is.EqualTo("2.1\n2.2\n2.3\n"));
        Assert.That(await nodes.Log("log", options: new LogOptions { Previous = true, TailLines = 1 }), Is.EqualTo("1.3\n"));
        Assert.That(await nodes.Log("log", options: new LogOptions { Timestamps = true, TailLines = 1 }), Is.EqualTo("2026-11-22T08:00:00.000000000Z 2.3\n"));
        Assert.That(await nodes.Log("log", options: new LogOptions { LimitBytes = 5 }), Is.EqualTo("2.1\n2"));
        Assert.That(async () => await nodes.Log("log", "other"), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo("container other is not valid for pod log"));
    }

    [Test]
    public async Task Exec_of_a_program_the_image_lacks_fails_in_the_runtimes_words()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("sleeps", Box);
        nodes.Settle();
        var kubelet = nodes.Pool.Find("node-1")!;

        Assert.That(
            async () => await kubelet.ExecAsync(pod, "main", ["sh"], new ContainerStreams(null, null, null, false), CancellationToken.None),
            Throws.TypeOf<KubernetesApiException>().With.Message.Contain("unable to start container process: exec: \"sh\": executable file not found in $PATH"));
        var exitCode = await kubelet.ExecAsync(pod, "main", ["/box", "exit", "7"], new ContainerStreams(null, null, null, false), CancellationToken.None);
        Assert.That(exitCode, Is.EqualTo(7));
    }

    [Test]
    public async Task A_killed_pod_is_cut_off_before_its_program_is_told_and_then_restarted()
    {
        var cut = "not told";
        await using var nodes = new TestNodes();
        nodes.Images.Add("app:1", Program(async process =>
        {
            var killed = new TaskCompletionSource();
            process.Killed.Register(() =>
            {
                try
                {
                    _ = process.Network.DialAsync("10.0.0.1", 1, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                }
                catch (System.Net.Sockets.SocketException refused)
                {
                    cut = refused.SocketErrorCode.ToString();
                }
                killed.SetResult();
            });
            await killed.Task;
            return 0;
        }));
        var pod = nodes.Pod("app", """{"containers":[{"name":"main","image":"app:1"}]}""");
        nodes.Settle();

        nodes.Pool.Kill(nodes.Find(pod.Name)!);
        nodes.Settle();

        Assert.That(cut, Is.EqualTo("NetworkDown"));
        Assert.That(nodes.ContainerStatus("app").At("restartCount").Integer(0), Is.EqualTo(1));
        Assert.That(nodes.ContainerStatus("app").At("lastState", "terminated", "exitCode").Integer(0), Is.EqualTo(137));
        Assert.That(nodes.ContainerStatus("app").At("state", "running").Exists());
    }

    [Test]
    public async Task An_ephemeral_container_looks_into_a_running_pod()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("sleeps", Box);
        nodes.Settle();

        nodes.Change("pods", "default", "sleeps", pod =>
        {
            pod["spec"]!["ephemeralContainers"] = new JsonArray(Object(("name", "look"), ("image", "box:1.0"), ("args", new JsonArray("exit", "0"))));
            return true;
        });
        nodes.Settle();

        var status = nodes.Status("sleeps").At("ephemeralContainerStatuses").Items().Single();
        Assert.That(status.At("state", "terminated", "exitCode").Integer(-1), Is.Zero);
        Assert.That(await nodes.Log("sleeps", "look"), Is.EqualTo("leaving with 0\n"));
        Assert.That(nodes.Condition("sleeps", "Ready"), Is.EqualTo("True"));
    }

    private static ServiceImage Program(ProgramMain main, ImageConfiguration? configuration = null) => new(main, configuration) { KeepsToItsClock = true };

    private static async Task ClosedAsync(ServiceProcess process)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = process.Stop.Register(stopped.SetResult);
        await stopped.Task;
    }
}
