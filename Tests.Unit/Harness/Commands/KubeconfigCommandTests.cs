using ClusterSim;
using Harness.Running;

namespace Harness.Tests.Commands;

/// <summary><c>harness kubeconfig --merge</c>: contexts of the cluster in somebody's own kubeconfig, and out of it again.</summary>
internal sealed class KubeconfigCommandTests : CommandFixture
{
    [Test]
    public async Task Contexts_go_into_a_kubeconfig_and_out_again_with_the_cluster()
    {
        const string Theirs = "apiVersion: v1\nkind: Config\ncurrent-context: work\nclusters:\n- name: work\n  cluster:\n    server: https://work.example\ncontexts:\n- name: work\n  context:\n    cluster: work\n    user: me\nusers:\n- name: me\n  user:\n    token: t\n";
        var file = Path.Combine(Root.FullName, "config");
        await File.WriteAllTextAsync(file, Theirs);

        foreach (var arguments in (string[][])[["--user", "ann", "--group", "team-a", "-n", "shop"], ["--service-account", "default/default"]])
            await Said(["kubeconfig", "--merge", .. arguments]);
        var merged = await File.ReadAllTextAsync(file);
        Assert.That(merged, Does.Contain("ann@cluster-sim").And.Contain("system:serviceaccount:default:default@cluster-sim").And.Contain("current-context: work").And.Contain("namespace: shop"));

        var told = new List<string>();
        new HarnessFolder(Root.FullName).Merged.TakeOut(told.Add);
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo(Theirs));
        Assert.That(told, Is.EqualTo(new[] { $"took this cluster's contexts out of {file}" }));

        new HarnessFolder(Root.FullName).Merged.TakeOut(told.Add);
        Assert.That(told, Has.Count.EqualTo(1), "nothing is left to take out");
    }

    [Test]
    public async Task Another_cluster_s_contexts_of_the_same_name_stay()
    {
        var file = Path.Combine(Root.FullName, "config");
        File.Delete(file);
        await Said("kubeconfig", "--merge", "--user", "bob");
        var replaced = (await File.ReadAllTextAsync(file)).Replace(Cluster.ApiServer.ToString().TrimEnd('/'), "https://127.0.0.1:1", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, replaced);

        new HarnessFolder(Root.FullName).Merged.TakeOut(_ => Assert.Fail("it was not this cluster's"));

        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo(replaced));
    }

    [Test]
    public async Task Merging_takes_nobody_s_credentials_and_gives_them_back()
    {
        const string Theirs = "apiVersion: v1\nkind: Config\ncurrent-context: kubernetes-admin@prod\nclusters:\n- name: prod\n  cluster:\n    server: https://prod.example\ncontexts:\n- name: kubernetes-admin@prod\n  context:\n    cluster: prod\n    user: kubernetes-admin\nusers:\n- name: kubernetes-admin\n  user:\n    token: precious\n";
        var file = Path.Combine(Root.FullName, "config");
        await File.WriteAllTextAsync(file, Theirs);

        await Said("kubeconfig", "--merge"); // the administrator, who has the name that kubeadm gives its own

        Assert.That(await File.ReadAllTextAsync(file), Does.Contain("token: precious").And.Contain("- name: kubernetes-admin@cluster-sim\n  context:"));
        new HarnessFolder(Root.FullName).Merged.TakeOut(_ => { });
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo(Theirs));
    }

    [Test]
    public async Task Of_several_kubeconfigs_the_first_that_is_there_gets_the_context_and_this_cluster_s_own_does_not()
    {
        var (absent, present, other) = (Path.Combine(Root.FullName, "absent"), Path.Combine(Root.FullName, "present"), Path.Combine(Root.FullName, "other"));
        await File.WriteAllTextAsync(present, "");
        await File.WriteAllTextAsync(other, "");
        var own = new HarnessFolder(Root.FullName).Kubeconfig;

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
        var file = Path.Combine(Root.FullName, "kept");
        await File.WriteAllTextAsync(file, "kind: Config\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);

        Assert.That((await WithKubeconfigAsync(file, "kubeconfig", "--merge")) is { Code: 1 } refused ? refused.Error : "", Is.EqualTo($"harness: {file}: it is read-only; it is left as it was\n"));

        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("kind: Config\n"));
        var folder = Path.Combine(Root.FullName, "folder");
        Directory.CreateDirectory(folder);
        var (code, _, error) = await WithKubeconfigAsync(folder, "kubeconfig", "--merge");
        Assert.That((code, error), Is.EqualTo((1, $"harness: {folder}: Is a directory : '{folder}'; it is left as it was\n")));
    }
}
