using Tests.Cluster.Clusters;

namespace Tests.Cluster.Scripts;

/// <summary>
/// deploy.sh for the clusters that need a Docker engine, with tools that only write down how they are called: the commands it would issue,
/// in order, are those of Scripts/Snapshots. <c>UPDATE_SNAPSHOTS=1</c> writes them anew.
/// </summary>
[Parallelizable(ParallelScope.Self)]
public sealed class DeployScriptTests
{
    [TestCase("k3d")]
    [TestCase("kind")]
    [TestCase("minikube")]
    public async Task A_cluster_is_made_filled_and_removed_by_these_commands(string target)
    {
        using var tools = new FakeTools(target, "docker", "kubectl", "curl");

        var first = await tools.RunAsync("deploy.sh", [target]);
        var told = new List<string> { $"# ./deploy.sh {target}" };
        told.AddRange(tools.Calls);
        tools.Forget();
        var second = await tools.RunAsync("deploy.sh", [target]);
        told.AddRange(["", $"# ./deploy.sh {target}, a second time", .. tools.Calls]);
        tools.Forget();
        var down = await tools.RunAsync("deploy.sh", ["down"]);
        told.AddRange(["", "# ./deploy.sh down", .. tools.Calls]);

        Assert.Multiple(() =>
        {
            Assert.That(first.ExitCode, Is.Zero, first.Error);
            Assert.That(second.ExitCode, Is.Zero, second.Error);
            Assert.That(down.ExitCode, Is.Zero, down.Error);
            Assert.That(first.Output, Does.Contain("invoice-app   http://localhost:8080/invoices"));
            Assert.That(Directory.Exists(Path.Combine(tools.State, target)), Is.False, "nothing is kept of what is gone");
        });
        AssertSnapshot($"{target}.txt", told);
    }

    [Test]
    public async Task A_cluster_that_was_there_before_is_not_removed()
    {
        using var tools = new FakeTools("kind", "docker", "kubectl", "curl");
        tools.LetClusterBeThere();

        var up = await tools.RunAsync("deploy.sh", ["kind"]);
        var down = await tools.RunAsync("deploy.sh", ["kind", "down"]);

        Assert.Multiple(() =>
        {
            Assert.That(up.ExitCode + down.ExitCode, Is.Zero, up.Error + down.Error);
            Assert.That(tools.Calls, Has.None.StartsWith("kind create").And.None.StartsWith("kind delete"));
            Assert.That(tools.Calls, Has.Some.StartsWith("kubectl delete namespaces,clusterroles,clusterrolebindings,priorityclasses --selector app.kubernetes.io/managed-by=deploy.sh"));
        });
    }

    [Test]
    public async Task A_cluster_that_was_made_keeps_its_name_and_port_until_it_is_taken_down()
    {
        using var tools = new FakeTools("kind", "docker", "kubectl", "curl");

        var made = await tools.RunAsync("deploy.sh", ["kind"], Settings("other", "9090"));
        tools.Forget();
        var again = await tools.RunAsync("deploy.sh", ["kind"]);
        var calls = tools.Calls;
        var third = await tools.RunAsync("deploy.sh", ["kind"], Settings("third", "9090"));
        var moved = await tools.RunAsync("deploy.sh", ["kind"], Settings("other", "9091"));
        tools.Forget();
        var down = await tools.RunAsync("deploy.sh", ["down"]);

        Assert.Multiple(() =>
        {
            Assert.That(made.ExitCode + again.ExitCode + down.ExitCode, Is.Zero, made.Error + again.Error + down.Error);
            Assert.That(made.Output, Does.Contain("invoice-app   http://localhost:9090/invoices"));
            Assert.That(again.Output, Does.Contain("invoice-app   http://localhost:9090/invoices"));
            Assert.That(calls, Has.None.StartsWith("kind create").And.Some.EqualTo("kind get kubeconfig --name other"));
            Assert.That((third.ExitCode, third.Error), Is.EqualTo((1, "deploy.sh: the kind cluster that is deployed to from here is other, not third: ./deploy.sh kind down first\n")));
            Assert.That((moved.ExitCode, moved.Error), Is.EqualTo((1, "deploy.sh: the kind cluster other was made with port 9090, not 9091: ./deploy.sh kind down first\n")));
            Assert.That(tools.Calls, Has.Some.StartsWith("kind delete cluster --name other "));
        });

        static Dictionary<string, string?> Settings(string name, string port) => new(StringComparer.Ordinal) { ["DEPLOY_CLUSTER"] = name, ["DEPLOY_PORT"] = port };
    }

    [Test]
    public async Task Somebody_elses_namespace_is_left_alone()
    {
        using var tools = new FakeTools("kind", "docker", "kubectl", "curl");
        tools.LetNamespaceBe("invoices ");

        var up = await tools.RunAsync("deploy.sh", ["kind"]);

        Assert.That(up.ExitCode, Is.EqualTo(1));
        Assert.That(up.Error, Does.Contain("namespace invoices is there already and was not made by ./deploy.sh"));
        Assert.That(tools.Calls, Has.None.StartsWith("kubectl apply"));
    }

    [Test]
    public async Task A_failed_rollout_tells_pods_events_and_last_words_and_ends_with_1()
    {
        using var tools = new FakeTools("k3d", "docker", "kubectl", "curl");
        tools.LetRolloutsFail();

        var up = await tools.RunAsync("deploy.sh", ["k3d"]);

        Assert.Multiple(() =>
        {
            Assert.That(up.ExitCode, Is.EqualTo(1));
            Assert.That(up.Error, Does.Contain("--- pods of invoices").And.Contain("ImagePullBackOff"));
            Assert.That(up.Error, Does.Contain("--- events of payments").And.Contain("Failed to pull image"));
            Assert.That(up.Error, Does.Contain("--- the last lines of invoices/service-1").And.Contain("its last words"));
            Assert.That(up.Error, Does.Contain("the rollout did not complete within 600 s"));
        });
    }

    [TestCase("k3d", "kubectl,docker", "k3d is missing: https://k3d.io/#installation (macOS: brew install k3d)")]
    [TestCase("kind", "kind,docker", "kubectl is missing: https://kubernetes.io/docs/tasks/tools/ (macOS: brew install kubectl)")]
    [TestCase("minikube", "minikube,kubectl", "docker is missing: Docker Desktop (macOS: brew install --cask docker) or Docker Engine, https://docs.docker.com/engine/install/")]
    [TestCase("current", "kubectl", "where shall the cluster get the images? REGISTRY=registry.example.com/invoicing pushes them there")]
    public async Task What_is_missing_is_said_with_where_to_get_it(string target, string tools, string said)
    {
        using var there = new FakeTools(tools.Split(','));

        var up = await there.RunAsync("deploy.sh", [target]);

        Assert.That(up.ExitCode, Is.EqualTo(1));
        Assert.That(up.Error, Does.StartWith("deploy.sh: " + said));
        Assert.That(Directory.Exists(there.State), Is.False, "nothing was begun");
    }

    [Test]
    public async Task Images_go_to_a_registry_where_one_is_named()
    {
        using var tools = new FakeTools("docker", "kubectl", "curl");
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["REGISTRY"] = "registry.example.com/invoicing",
            ["RUNTIME_IMAGE"] = "mirror.example.com/aspnet:10.0",
            ["INVOICE_APP_URL"] = "http://invoices.example.com",
        };

        var up = await tools.RunAsync("deploy.sh", ["current"], environment);

        Assert.That(up.ExitCode, Is.Zero, up.Error);
        Assert.That(tools.Calls, Has.Some.Match("^docker build .*InvoiceApp/Dockerfile --tag registry.example.com/invoicing/invoice-app:1.0.0-CONTENT .*--build-arg RUNTIME_IMAGE=mirror.example.com/aspnet:10.0 "));
        Assert.That(tools.Calls, Has.Some.EqualTo("docker push registry.example.com/invoicing/payment-provider:1.0.0-CONTENT"));
    }

    [Test]
    public async Task Without_an_engine_the_SDK_builds_the_images_and_pushes_them()
    {
        using var tools = new FakeTools("dotnet", "kubectl", "curl");
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["REGISTRY"] = "registry.example.com/invoicing",
            ["INVOICE_APP_URL"] = "http://invoices.example.com",
        };

        var up = await tools.RunAsync("deploy.sh", ["current"], environment);

        Assert.That(up.ExitCode, Is.Zero, up.Error);
        Assert.That(tools.Calls.Where(call => call.StartsWith("dotnet publish ", StringComparison.Ordinal)), Is.EqualTo((string[])
        [
            Publish("InvoiceApp", "invoice-app", "Keeps invoices and pays them through payment-provider%2C each exactly once"),
            Publish("PaymentProvider", "payment-provider", "Takes payments over HTTP and keeps them in a ledger%2C each id once"),
        ]));

        static string Publish(string project, string name, string description) =>
            $"dotnet publish ROOT/{project} --configuration Release --nologo --verbosity quiet -nodeReuse:false -t:PublishContainer -p:UseAppHost=false -p:DebugType=none "
            + $"-p:ContainerRegistry=registry.example.com -p:ContainerRepository=invoicing/{name} -p:ContainerImageTag=1.0.0-CONTENT -p:ContainerUser=1654 "
            + $"-p:ContainerBaseImage=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled -p:ContainerTitle={name} -p:ContainerDescription={description} -p:ContainerVersion=1.0.0-CONTENT";
    }

    [Test]
    public async Task An_unknown_target_ends_with_2_and_the_usage()
    {
        using var tools = new FakeTools();

        var up = await tools.RunAsync("deploy.sh", ["k4s"]);

        Assert.That(up.ExitCode, Is.EqualTo(2));
        Assert.That(up.Error, Does.StartWith("deploy.sh: 'k4s' is not known").And.Contain("./deploy.sh minikube"));
    }

    private static void AssertSnapshot(string name, IReadOnlyList<string> told)
    {
        var path = Repository.Path($"Tests.Cluster/Scripts/Snapshots/{name}");
        var text = string.Join('\n', told) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
            File.WriteAllText(path, text);
        Assert.That(text, Is.EqualTo(File.ReadAllText(path)), $"if the change is meant: UPDATE_SNAPSHOTS=1 writes {path} anew");
    }
}
