using System.Text;
using ClusterSim;
using Harness.Commands;
using Harness.Running;
using Processes;

namespace Harness.Tests.Commands;

/// <summary>The command's parts for those without kubectl.</summary>
internal sealed class CommandTests : CommandFixture
{
    protected override string Objects => """
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: settings, namespace: default, labels: { app: shop } }
        data: { greeting: hello, number: "12", lines: "a\nb\n" }
        ---
        apiVersion: v1
        kind: Secret
        metadata: { name: password, namespace: default }
        stringData: { value: hidden }
        ---
        apiVersion: v1
        kind: Pod
        metadata: { name: talker, namespace: default, labels: { app: shop } }
        spec:
          containers: [ { name: main, image: "busybox:1.36", command: [sh, -c, "echo one; echo two; sleep 3600"] } ]
        """;

    [Test]
    [Platform(Exclude = "Win")]
    public void The_folder_of_a_running_cluster_is_its_owners_alone()
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var root = Directory.CreateTempSubdirectory("harness-");
        try
        {
            var folder = new HarnessFolder(root.FullName);
            folder.Create();
            Assert.That(File.GetUnixFileMode(folder.Folder), Is.EqualTo(Owner));

            File.SetUnixFileMode(folder.Folder, Owner | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            folder.Create();
            Assert.That(File.GetUnixFileMode(folder.Folder), Is.EqualTo(Owner), "made before, and open to others");
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Get_prints_yaml_as_kubectl_does()
    {
        var text = await Said("get", "cm", "settings", "-o", "yaml");

        Assert.That(text, Does.StartWith("apiVersion: v1\ndata:\n  greeting: hello\n  lines: |\n    a\n    b\n  number: \"12\"\nkind: ConfigMap\nmetadata:\n"));
        Assert.That(text, Does.Contain("\n  labels:\n    app: shop\n").And.Not.Contain("managedFields"));
        Assert.That(await Said("get", "cm", "settings", "-o", "yaml", "--show-managed-fields"), Does.Contain("\n  managedFields:\n  - apiVersion: v1\n"));
        Assert.That(await Said("get", "pods,cm", "-o", "json"), Does.Contain("\"kind\": \"List\"").And.Not.Contain("managedFields"));
    }

    [Test]
    public async Task Get_takes_kinds_and_names_in_every_form()
    {
        Assert.That(await Said("get", "pod/talker", "cm/settings", "-o", "name"), Is.EqualTo("pod/talker\nconfigmap/settings\n"));
        Assert.That(await Said("get", "pods,configmaps", "-l", "app=shop", "-o", "name"), Is.EqualTo("pod/talker\nconfigmap/settings\n"));
        Assert.That(await Said("get", "pods,configmaps", "-l", "app=shop"), Does.Match("(?s)^NAME .*\npod/talker .*\n\nNAME .*\nconfigmap/settings "));
        Assert.That(await Said("get", "po", "talker"), Does.Match("^NAME +READY +STATUS +RESTARTS +AGE\ntalker +1/1 +Running +0 +\\S+\n$"));
        Assert.That(await Said("get", "pods", "-A", "-o", "wide"), Does.Match("(?s)^NAMESPACE +NAME .*NODE.*\ndefault +talker "));
    }

    [TestCase("--ingress-port 70000", "--ingress-port: found '70000', should be a whole number from 0 to 65535")]
    [TestCase("--api-port 80x", "--api-port: found '80x', should be a whole number from 0 to 65535")]
    [TestCase("--timeout 0", "--timeout: found '0', should be a whole number from 1 to 86400")]
    [TestCase("--unheard-of", "Unrecognized command or argument '--unheard-of'.")]
    public async Task A_command_line_that_is_off_ends_with_2_and_what_would_be_right(string options, string said) =>
        Assert.That(await RunAsync(default, ["up", .. options.Split(' ')]), Is.EqualTo((2, "", $"harness: {said}\nharness: see ./harness --help\n")));

    [Test]
    public async Task No_command_at_all_shows_what_there_is_and_is_nothing_done()
    {
        var (code, output, error) = await RunAsync(default);

        Assert.That((code, output), Is.EqualTo((2, "")));
        Assert.That(error, Does.Contain("Usage:").And.Contain("up ").And.Contain("down "));
    }

    [Test]
    public async Task A_folder_that_cannot_be_one_is_a_line_and_no_stack_trace()
    {
        var root = Directory.CreateDirectory(Path.Combine(Root.FullName, "occupied"));
        await File.WriteAllTextAsync(Path.Combine(root.FullName, ".harness"), "a file");
        await File.WriteAllTextAsync(Path.Combine(root.FullName, "harness.yaml"), "{ apiVersion: harness/v1, name: shop, kustomization: . }");
        await File.WriteAllTextAsync(Path.Combine(root.FullName, "kustomization.yaml"), "resources: []");
        using var error = new MemoryStream();

        var code = await HarnessCommand.RunAsync(new ServiceProcess
        {
            Arguments = ["up"],
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HARNESS_ROOT"] = root.FullName },
            WorkingDirectory = root.FullName,
            Output = Stream.Null,
            Error = error,
            Network = MachineProcess.MachineNetwork.Instance,
        });

        Assert.That((code, Encoding.UTF8.GetString(error.ToArray())), Is.EqualTo((1, $"harness: The file '{root.FullName}/.harness' already exists.\n")));
    }

    [Test]
    public async Task What_a_killed_cluster_left_goes_with_down()
    {
        var root = Directory.CreateDirectory(Path.Combine(Root.FullName, "killed"));
        var folder = new HarnessFolder(root.FullName);
        folder.Create();
        Directory.CreateDirectory(folder.Volumes);
        await File.WriteAllTextAsync(folder.Kubeconfig, "apiVersion: v1");
        using var ended = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("true"))!;
        await ended.WaitForExitAsync();
        folder.Write(new RunningCluster { ProcessId = ended.Id, ProcessStartTicks = 1, ApiServer = "https://127.0.0.1:1/", Ingress = "http://127.0.0.1:1/" });

        var code = await HarnessCommand.RunAsync(new ServiceProcess
        {
            Arguments = ["down"],
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HARNESS_ROOT"] = root.FullName },
            WorkingDirectory = root.FullName,
            Output = Stream.Null,
            Error = Stream.Null,
            Network = MachineProcess.MachineNetwork.Instance,
        });

        Assert.That(code, Is.Zero);
        Assert.That(root.GetDirectories(".harness")[0].GetFileSystemInfos(), Is.Empty);
    }

    [Test]
    public async Task Serve_needs_no_harness_yaml_and_other_commands_find_its_cluster_from_a_folder_below()
    {
        var root = Directory.CreateDirectory(Path.Combine(Root.FullName, "bare"));
        var below = root.CreateSubdirectory("below");
        using var stop = new CancellationTokenSource();
        using var log = new SharedOutput();

        var serving = HarnessCommand.RunAsync(In(root, log, stop.Token, "serve", "--ingress-port", "0"));
        await log.Says("the cluster answers at");
        await Eventually.ThatAsync(() => new HarnessFolder(root.FullName).FindRunning() is not null, "the files of the cluster are there");
        using var namespaces = new SharedOutput();
        var code = await HarnessCommand.RunAsync(In(below, namespaces, default, "get", "namespaces"));
        await stop.CancelAsync();

        Assert.That(code, Is.Zero, namespaces.Text);
        Assert.That(namespaces.Text, Does.Contain("kube-system"));
        Assert.That(await serving, Is.Zero);
    }

    private static ServiceProcess In(DirectoryInfo folder, SharedOutput output, CancellationToken stop, params string[] arguments) => new()
    {
        Arguments = arguments,
        Environment = new Dictionary<string, string>(StringComparer.Ordinal),
        WorkingDirectory = folder.FullName,
        Output = output,
        Error = output,
        Network = MachineProcess.MachineNetwork.Instance,
        Stop = stop,
    };

    [Test]
    public async Task Get_says_what_it_was_given_that_makes_no_sense()
    {
        Assert.That(await RunAsync(default, "get", "nosuch"), Is.EqualTo((1, "", "harness: the server doesn't have a resource type \"nosuch\"\n")));
        Assert.That(await RunAsync(default, "get", "pod", "nosuch"), Is.EqualTo((1, "", "harness: pods \"nosuch\" not found\n")));
        Assert.That(await RunAsync(default, "get", "pod/talker", "cm"), Is.EqualTo((1, "", "harness: cm: where one argument is KIND/NAME all must be\n")));
        Assert.That(await RunAsync(default, "get", "jobs"), Is.EqualTo((0, "", "No resources found in default namespace.\n")));
    }

    [Test]
    public async Task Get_watch_goes_on_with_every_change_until_it_is_interrupted()
    {
        using var stop = new CancellationTokenSource();
        using var output = new SharedOutput();
        var watching = RunAsync(output, stop.Token, "get", "configmaps", "-w");
        await output.Says("settings");

        Cluster.ApplyYaml("{ apiVersion: v1, kind: ConfigMap, metadata: { name: later, namespace: default } }");
        await output.Says("later");
        await stop.CancelAsync();

        var (code, text, error) = await watching;
        Assert.That(code, Is.Zero, error);
        Assert.That(text.Split('\n').Count(line => line.StartsWith("NAME ", StringComparison.Ordinal)), Is.EqualTo(1), text);
    }

    [Test]
    public async Task Describe_tells_fields_in_words_events_and_no_secrets()
    {
        var pod = await Said("describe", "pod", "talker");

        Assert.That(pod, Does.Match("^Name: +talker\nNamespace: +default\nLabels: +app=shop\nAnnotations: +<none>\nAPI Version: +v1\nKind: +Pod\n"));
        Assert.That(pod, Does.Contain("\nSpec:\n  Containers:\n    Command:\n      sh\n").And.Contain("\n  Pod IPs:\n    Ip:  ").And.Contain("\nEvents:\n  Type    Reason     Age  "));
        Assert.That(pod.IndexOf("Normal  Scheduled ", StringComparison.Ordinal), Is.LessThan(pod.IndexOf("Normal  Started ", StringComparison.Ordinal)), pod);
        Assert.That(pod, Does.Contain("Restart Policy:").And.Contain("Pod IP:").And.Match("Normal +Scheduled +\\S+ +default-scheduler +Successfully assigned default/talker to "));

        var secret = await Said("describe", "secret/password");
        Assert.That(secret, Does.Contain("  value:  6 bytes\nType:  Opaque\nEvents:  <none>\n").And.Not.Contain("hidden").And.Not.Contain(Convert.ToBase64String("hidden"u8)));
    }

    [Test]
    public async Task Logs_print_what_is_asked_for()
    {
        Assert.That(await Said("logs", "talker"), Is.EqualTo("one\ntwo\n"));
        Assert.That(await Said("logs", "pod/talker", "--tail", "1", "-c", "main"), Is.EqualTo("two\n"));
        Assert.That((await RunAsync(default, "logs", "talker", "--previous")).Error, Is.EqualTo("harness: previous terminated container \"main\" in pod \"talker\" not found\n"));
    }

    [Test]
    public async Task Logs_of_a_workload_or_a_selector_are_its_pods_and_a_container_is_chosen_where_none_is_named()
    {
        Cluster.ApplyYaml("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: web, namespace: default }
            spec:
              replicas: 2
              selector: { matchLabels: { app: web } }
              template:
                metadata: { labels: { app: web } }
                spec:
                  initContainers: [ { name: first, image: "busybox:1.36", command: [sh, -c, "echo before"] } ]
                  containers:
                  - { name: main, image: "busybox:1.36", command: [sh, -c, "echo hello; sleep 3600"] }
                  - { name: other, image: "busybox:1.36", command: [sh, -c, "echo aside; sleep 3600"] }
            """);
        await Cluster.ReadyAsync(TimeSpan.FromSeconds(60));

        var (code, output, error) = await RunAsync(default, "logs", "deploy/web", "--since", "1h");
        Assert.That((code, output), Is.EqualTo((0, "hello\n")), error);
        Assert.That(error, Does.Match("^Found 2 pods, using pod/web-\\S+\nDefaulted container \"main\" out of: main, other, first \\(init\\)\n$"));

        var all = (await Said("logs", "-l", "app=web", "--all-containers", "--prefix")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(all.Select(line => System.Text.RegularExpressions.Regex.Replace(line, "web-[a-z0-9-]+", "web")).Order(StringComparer.Ordinal), Is.EqualTo(new[]
        {
            "[pod/web/first] before", "[pod/web/first] before", "[pod/web/main] hello", "[pod/web/main] hello", "[pod/web/other] aside", "[pod/web/other] aside",
        }));

        Assert.That((await RunAsync(default, "logs", "-l", "app=nothing")).Error, Is.EqualTo("No resources found in default namespace.\n"));
        Assert.That((await RunAsync(default, "logs", "cm/settings")).Error, Is.EqualTo("harness: cm/settings: a ConfigMap has no pods; name a pod, a workload or a Service, or -l SELECTOR\n"));
        Assert.That((await RunAsync(default, "logs")).Error, Is.EqualTo("harness: name a pod, TYPE/NAME of a workload, or -l SELECTOR\n"));
        Assert.That((await RunAsync(default, "logs", "talker", "--since", "soon")).Error, Is.EqualTo("harness: --since soon: write a duration such as 90s, 5m or 1h30m\n"));
    }

    [TestCase("", "apply completion describe")]
    [TestCase("get", "get")]
    [TestCase("get |pod", "poddisruptionbudgets pods podtemplates")]
    [TestCase("get |cm |s", "settings")]
    [TestCase("describe |pod/", "pod/talker")]
    [TestCase("logs |-n |default |", "talker")]
    [TestCase("get |pods |-n |kube-s", "kube-system")]
    [TestCase("get |pods |-o |", "json name wide yaml")]
    [TestCase("get |--all", "--all-namespaces")]
    [TestCase("completion |", "bash fish zsh")]
    [TestCase("nosuch |", "")]
    public async Task Completion_knows_commands_options_kinds_and_names(string words, string found)
    {
        var text = await Said(["complete", "--", .. words.Split('|').Select(word => word.Trim())]);

        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(words.Length == 0 ? lines.Where(line => found.Split(' ').Contains(line)) : lines, Is.EqualTo(found.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [TestCase("bash", "-n")]
    [TestCase("zsh", "-n")]
    [TestCase("fish", "--no-execute")]
    public async Task The_completion_script_is_one_that_its_shell_can_read(string shell, string check)
    {
        var file = Path.Combine(Root.FullName, shell + ".completion");
        await File.WriteAllTextAsync(file, await Said("completion", shell));
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, shell)).FirstOrDefault(File.Exists);
        if (program is null)
            Assert.Ignore($"{shell} is not installed");

        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, [check, file]) { RedirectStandardError = true, UseShellExecute = false })!;
        var complaint = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.That(complaint, Is.Empty);
        Assert.That(process.ExitCode, Is.Zero);
    }
}
