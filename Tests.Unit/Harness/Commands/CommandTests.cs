using System.Text;
using ClusterSim;
using Harness.Commands;
using Harness.Running;
using Processes;

namespace Tests.Unit.Harness.Commands;

/// <summary>The command's parts for those without kubectl, against a cluster of this process that the folder says is running.</summary>
internal sealed class CommandTests
{
    private const string Objects = """
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

    private SimulatedCluster _cluster = null!;
    private DirectoryInfo _root = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _root = Directory.CreateTempSubdirectory("harness-");
        _cluster = await SimulatedCluster.StartAsync();
        var folder = new HarnessFolder(_root.FullName);
        folder.Create();
        _cluster.WriteKubeconfig(folder.Kubeconfig);
        var (id, start) = RunningCluster.ThisProcess();
        folder.Write(new RunningCluster { ProcessId = id, ProcessStartTicks = start, ApiServer = _cluster.ApiServer.ToString(), Ingress = _cluster.Ingress.ToString() });
        _cluster.ApplyYaml(Objects);
        await _cluster.ReadyAsync(TimeSpan.FromSeconds(60));
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _cluster.DisposeAsync();
        _root.Delete(recursive: true);
    }

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
        var root = Directory.CreateDirectory(Path.Combine(_root.FullName, "occupied"));
        await File.WriteAllTextAsync(Path.Combine(root.FullName, ".harness"), "a file");
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
        var root = Directory.CreateDirectory(Path.Combine(_root.FullName, "killed"));
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

        _cluster.ApplyYaml("{ apiVersion: v1, kind: ConfigMap, metadata: { name: later, namespace: default } }");
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
        _cluster.ApplyYaml("""
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
        await _cluster.ReadyAsync(TimeSpan.FromSeconds(60));

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
        var file = Path.Combine(_root.FullName, shell + ".completion");
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

    [Test]
    public async Task Contexts_go_into_a_kubeconfig_and_out_again_with_the_cluster()
    {
        const string Theirs = "apiVersion: v1\nkind: Config\ncurrent-context: work\nclusters:\n- name: work\n  cluster:\n    server: https://work.example\ncontexts:\n- name: work\n  context:\n    cluster: work\n    user: me\nusers:\n- name: me\n  user:\n    token: t\n";
        var file = Path.Combine(_root.FullName, "config");
        await File.WriteAllTextAsync(file, Theirs);

        foreach (var arguments in (string[][])[["--user", "ann", "--group", "team-a", "-n", "shop"], ["--service-account", "default/default"]])
            await Said(["kubeconfig", "--merge", .. arguments]);
        var merged = await File.ReadAllTextAsync(file);
        Assert.That(merged, Does.Contain("ann@cluster-sim").And.Contain("system:serviceaccount:default:default@cluster-sim").And.Contain("current-context: work").And.Contain("namespace: shop"));

        var told = new List<string>();
        new HarnessFolder(_root.FullName).Merged.TakeOut(told.Add);
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo(Theirs));
        Assert.That(told, Is.EqualTo(new[] { $"took this cluster's contexts out of {file}" }));

        new HarnessFolder(_root.FullName).Merged.TakeOut(told.Add);
        Assert.That(told, Has.Count.EqualTo(1), "nothing is left to take out");
    }

    [Test]
    public async Task Another_cluster_s_contexts_of_the_same_name_stay()
    {
        var file = Path.Combine(_root.FullName, "config");
        File.Delete(file);
        await Said("kubeconfig", "--merge", "--user", "bob");
        var replaced = (await File.ReadAllTextAsync(file)).Replace(_cluster.ApiServer.ToString().TrimEnd('/'), "https://127.0.0.1:1", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, replaced);

        new HarnessFolder(_root.FullName).Merged.TakeOut(_ => Assert.Fail("it was not this cluster's"));

        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo(replaced));
    }

    [Test]
    public async Task Merging_takes_nobody_s_credentials_and_gives_them_back()
    {
        const string Theirs = "apiVersion: v1\nkind: Config\ncurrent-context: kubernetes-admin@prod\nclusters:\n- name: prod\n  cluster:\n    server: https://prod.example\ncontexts:\n- name: kubernetes-admin@prod\n  context:\n    cluster: prod\n    user: kubernetes-admin\nusers:\n- name: kubernetes-admin\n  user:\n    token: precious\n";
        var file = Path.Combine(_root.FullName, "config");
        await File.WriteAllTextAsync(file, Theirs);

        await Said("kubeconfig", "--merge"); // the administrator, who has the name that kubeadm gives its own

        Assert.That(await File.ReadAllTextAsync(file), Does.Contain("token: precious").And.Contain("- name: kubernetes-admin@cluster-sim\n  context:"));
        new HarnessFolder(_root.FullName).Merged.TakeOut(_ => { });
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo(Theirs));
    }

    [Test]
    public async Task Of_several_kubeconfigs_the_first_that_is_there_gets_the_context_and_this_cluster_s_own_does_not()
    {
        var (absent, present, other) = (Path.Combine(_root.FullName, "absent"), Path.Combine(_root.FullName, "present"), Path.Combine(_root.FullName, "other"));
        await File.WriteAllTextAsync(present, "");
        await File.WriteAllTextAsync(other, "");
        var own = new HarnessFolder(_root.FullName).Kubeconfig;

        Assert.That((await WithKubeconfigAsync($"{own}:{absent}:present:{other}", "kubeconfig", "--merge", "--user", "cy")).Code, Is.Zero);

        Assert.That(await File.ReadAllTextAsync(present), Does.Contain("cy@cluster-sim"));
        Assert.That(File.Exists(absent), Is.False);
        Assert.That(await File.ReadAllTextAsync(other), Is.Empty);
        Assert.That((await WithKubeconfigAsync(own, "kubeconfig", "--merge")).Error, Is.EqualTo($"harness: {own} is this cluster's own file, which goes with it: name another in KUBECONFIG\n"));
    }

    [Test]
    [Platform(Exclude = "Win")]
    public async Task A_kubeconfig_that_cannot_be_written_stays_as_it_is_and_says_why()
    {
        var file = Path.Combine(_root.FullName, "kept");
        await File.WriteAllTextAsync(file, "kind: Config\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);

        Assert.That((await WithKubeconfigAsync(file, "kubeconfig", "--merge")) is { Code: 1 } refused ? refused.Error : "", Is.EqualTo($"harness: {file}: it is read-only; it is left as it was\n"));

        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("kind: Config\n"));
        var folder = Path.Combine(_root.FullName, "folder");
        Directory.CreateDirectory(folder);
        var (code, _, error) = await WithKubeconfigAsync(folder, "kubeconfig", "--merge");
        Assert.That((code, error), Is.EqualTo((1, $"harness: {folder}: Is a directory : '{folder}'; it is left as it was\n")));
    }

    private async Task<string> Said(params string[] arguments)
    {
        var (code, output, error) = await RunAsync(default, arguments);
        Assert.That(code, Is.Zero, error);
        return output;
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(CancellationToken stop, params string[] arguments)
    {
        using var output = new SharedOutput();
        return await RunAsync(output, stop, arguments);
    }

    private async Task<(int Code, string Output, string Error)> WithKubeconfigAsync(string kubeconfig, params string[] arguments)
    {
        using var output = new SharedOutput();
        return await RunAsync(output, kubeconfig, arguments, default);
    }

    private Task<(int Code, string Output, string Error)> RunAsync(SharedOutput output, CancellationToken stop, params string[] arguments) =>
        RunAsync(output, Path.Combine(_root.FullName, "config"), arguments, stop);

    private async Task<(int Code, string Output, string Error)> RunAsync(SharedOutput output, string kubeconfig, string[] arguments, CancellationToken stop)
    {
        using var error = new MemoryStream();
        var code = await HarnessCommand.RunAsync(new ServiceProcess
        {
            Arguments = arguments,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HARNESS_ROOT"] = _root.FullName, ["KUBECONFIG"] = kubeconfig },
            WorkingDirectory = _root.FullName,
            Output = output,
            Error = error,
            Network = MachineProcess.MachineNetwork.Instance,
            Stop = stop,
        });
        return (code, output.Text, Encoding.UTF8.GetString(error.ToArray()));
    }

    /// <summary>What a command has said so far, while it goes on.</summary>
    private sealed class SharedOutput : MemoryStream
    {
        private readonly Lock _lock = new();

        public string Text
        {
            get
            {
                lock (_lock)
                    return Encoding.UTF8.GetString(ToArray()); // which a disposed stream still does
            }
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (_lock)
                base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            lock (_lock)
                base.Write(buffer);
        }

        public async Task Says(string text)
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (!Text.Contains(text, StringComparison.Ordinal))
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, late.Token);
        }

    }
}
