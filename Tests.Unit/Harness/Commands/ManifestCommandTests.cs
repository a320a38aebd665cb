namespace Harness.Tests.Commands;

/// <summary>The commands that read manifests: apply, diff, prune, kustomize.</summary>
internal sealed class ManifestCommandTests : CommandFixture
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: things.shop.example}
        spec:
          group: shop.example
          scope: Namespaced
          names: {kind: Thing, plural: things, singular: thing}
          versions:
          - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
        """;

    [Test]
    public async Task Applies_a_folder_recursively_with_namespaces_and_definitions_first()
    {
        var folder = Write("recursive", ("a/thing.yaml", "apiVersion: shop.example/v1\nkind: Thing\nmetadata: {name: t, namespace: shop}\n"), ("b/definition.yaml", Definition), ("z.json", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"""));

        var output = await Said("apply", "-R", "-f", folder);

        Assert.That(output.Split('\n'), Is.EqualTo(new[] { "namespace/shop serverside-applied", "customresourcedefinition.apiextensions.k8s.io/things.shop.example serverside-applied", "thing.shop.example/t serverside-applied", "" }));
    }

    [Test]
    public async Task Diff_prints_what_apply_would_change_and_ends_with_1()
    {
        var folder = Write("diff", ("c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: differs}\ndata: {a: old, b: same}\n"));
        await Said("apply", "-f", folder);

        var same = await RunAsync(default, "diff", "-f", folder);
        Write("diff", ("c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: differs}\ndata: {a: new, b: same}\n"));
        var changed = await RunAsync(default, "diff", "--color", "always", "-f", folder);

        Assert.That((same.Code, same.Output), Is.EqualTo((0, "")), same.Error);
        Assert.That(changed.Code, Is.EqualTo(1), changed.Error);
        Assert.That(changed.Output, Does.Contain("\e[31m-  a: old\e[0m\n\e[32m+  a: new\e[0m\n   b: same\n").And.StartWith("--- live/v1.ConfigMap.differs\n+++ merged/v1.ConfigMap.differs\n"));
    }

    [Test]
    public async Task Diff_hides_the_values_of_secrets()
    {
        var folder = Write("secret", ("s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\nstringData: {a: confidential}\n"));

        var (code, output, error) = await RunAsync(default, "diff", "-f", folder);

        Assert.That(code, Is.EqualTo(1), error);
        Assert.That(output, Does.Contain("+  a: '*** (after)'").And.Not.Contain("Y29uZmlkZW50aWFs"));
    }

    [Test]
    public async Task Prune_deletes_what_the_manifests_no_longer_have()
    {
        const string Kustomization = "configMapGenerator:\n- name: pruned\n  literals: [a={0}]\nnamespace: default\n";
        var folder = Write("prune", ("kustomization.yaml", Kustomization.Replace("{0}", "1", StringComparison.Ordinal)));
        var old = (await Said("apply", "-k", folder)).Split(' ')[0];
        Write("prune", ("kustomization.yaml", Kustomization.Replace("{0}", "2", StringComparison.Ordinal)));
        await Said("apply", "-k", folder);
        Cluster.ApplyYaml("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-others}\n");

        var preview = await Said("prune", "--all", "--dry-run", "-k", folder);
        var output = await Said("prune", "--all", "-k", folder);

        Assert.That(preview, Does.Contain($"{old} pruned (dry run)"));
        Assert.That(output, Does.Contain($"{old} pruned"));
        Assert.That(Cluster.Find("configmaps", "default", old.Split('/')[1]), Is.Null);
        Assert.That(Cluster.Find("configmaps", "default", "of-others"), Is.Not.Null);
    }

    [Test]
    public async Task Kustomize_prints_what_it_renders()
    {
        var folder = Write("kustomize", ("kustomization.yaml", "namePrefix: p-\nresources: [c.yaml]\n"), ("c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"));

        Assert.That(await Said("kustomize", folder), Is.EqualTo("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-c\n"));
    }

    [Test]
    public async Task A_changed_generator_rolls_its_deployment_out()
    {
        const string Deployment = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: rolled}
            spec:
              selector: {matchLabels: {app: rolled}}
              template:
                metadata: {labels: {app: rolled}}
                spec:
                  containers:
                  - {name: a, image: busybox, command: [sleep, infinity], envFrom: [{configMapRef: {name: settings}}]}
            """;
        const string Kustomization = "resources: [d.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [COLOR={0}]\n";
        var folder = Write("rollout", ("d.yaml", Deployment), ("kustomization.yaml", Kustomization.Replace("{0}", "blue", StringComparison.Ordinal)));
        await Said("apply", "-k", folder);
        await Cluster.ReadyAsync(TimeSpan.FromSeconds(60));
        var before = Cluster.List("replicasets", "default", "app=rolled").Select(set => set.At("metadata", "name").Text()).ToList();

        Write("rollout", ("kustomization.yaml", Kustomization.Replace("{0}", "red", StringComparison.Ordinal)));
        await Said("apply", "-k", folder);
        await Cluster.ReadyAsync(TimeSpan.FromSeconds(60));

        var after = Cluster.List("replicasets", "default", "app=rolled").Select(set => set.At("metadata", "name").Text());
        Assert.That(before, Has.Count.EqualTo(1));
        Assert.That(after, Has.Exactly(2).Items.And.SupersetOf(before));
    }

    private string Write(string folder, params (string Path, string Text)[] files)
    {
        foreach (var (path, text) in files)
        {
            var file = Path.Combine(Root.FullName, folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
        return Path.Combine(Root.FullName, folder);
    }
}
