using ClusterSim.Access;

namespace ClusterSim.Tests.Access;

internal sealed class KubeconfigTests
{
    private const string Theirs = """
        apiVersion: v1
        kind: Config
        current-context: work
        clusters:
        - name: work
          cluster:
            server: https://work.example
            extensions:
            - name: keep
        contexts:
        - name: work
          context: {cluster: work, user: me}
        users:
        - name: me
          user:
            exec: {command: login, args: ["1"]}
        """;

    private static readonly KubeconfigEntry Ours = new()
    {
        Cluster = "harness",
        Server = new Uri("https://127.0.0.1:6443"),
        AuthorityPem = "-----BEGIN CERTIFICATE-----\n",
        User = "harness-admin",
        Token = "123456",
        Namespace = "invoices",
    };

    [Test]
    public void What_is_written_is_read_again()
    {
        var entry = Ours with { ClientCertificatePem = "-----BEGIN CERTIFICATE-----\nown\n", ClientKeyPem = "-----BEGIN PRIVATE KEY-----\n", SkipTlsVerify = true };

        var read = Read(KubeconfigFile.Merge(Theirs, [entry], setCurrent: true));

        Assert.That(read, Is.EqualTo(entry with { Context = "harness-admin@harness" }));
    }

    [TestCase("contexts: []", "current-context is not set; name a context")]
    [TestCase("current-context: gone", "contexts has no \"gone\"")]
    [TestCase(Theirs, "user \"me\" uses exec, which is not supported here: give it a token or a client certificate")]
    [TestCase("{current-context: a, contexts: [{name: a, context: {cluster: b, user: c}}], clusters: [{name: b, cluster: {}}], users: [{name: c, user: {}}]}", "cluster \"b\" has no server")]
    [TestCase("- a list", "not a kubeconfig: a mapping was expected, a Sequence found")]
    public void A_file_that_cannot_be_used_is_named_with_the_reason(string text, string reason)
    {
        var ex = Assert.Throws<KubeconfigException>(() => Read(text));

        Assert.That(ex!.Message, Does.EndWith(": " + reason).And.StartsWith(Path.GetTempPath()));
    }

    [Test]
    public void A_kubeconfig_says_how_to_reach_the_cluster()
    {
        Assert.That(KubeconfigFile.Write(Ours), Is.EqualTo("""
            apiVersion: v1
            kind: Config
            preferences: {}
            clusters:
            - name: harness
              cluster:
                certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==
                server: https://127.0.0.1:6443
            users:
            - name: harness-admin
              user:
                token: "123456"
            contexts:
            - name: harness-admin@harness
              context:
                cluster: harness
                namespace: invoices
                user: harness-admin
            current-context: harness-admin@harness

            """));
    }

    [Test]
    public void Ours_goes_into_a_kubeconfig_and_out_again_and_leaves_theirs_as_it_was()
    {
        var merged = KubeconfigFile.Merge(Theirs, [Ours], setCurrent: false);
        var again = KubeconfigFile.Merge(merged, [Ours with { Token = "new" }], setCurrent: true);
        var without = KubeconfigFile.Remove(again, "harness");

        Assert.Multiple(() =>
        {
            Assert.That(merged, Does.Contain("current-context: work").And.Contain("command: login").And.Contain("harness-admin@harness"));
            Assert.That(again, Does.Contain("current-context: harness-admin@harness").And.Contain("token: new").And.Not.Contain("123456"));
            Assert.That(without, Does.Not.Contain("harness").And.Contain("https://work.example").And.Contain("name: keep").And.Contain("args: [\"1\"]").And.Contain("current-context: \"\""));
        });
    }

    [Test]
    public void What_is_no_kubeconfig_is_left_alone()
    {
        Assert.That(() => KubeconfigFile.Merge("- a list", [Ours], true), Throws.TypeOf<KubeconfigException>());
        Assert.That(() => KubeconfigFile.Merge("a: [b", [Ours], true), Throws.TypeOf<KubeconfigException>());
        Assert.That(() => KubeconfigFile.Merge("kind: Config\n---\nkind: Config\n", [Ours], true), Throws.TypeOf<KubeconfigException>(), "one of two would be lost");
    }

    [Test]
    [Platform(Exclude = "Win")]
    public void A_kubeconfig_is_for_its_owners_eyes_alone()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName(), "kubeconfig");
        try
        {
            KubeconfigFile.Save(path, "one");
            KubeconfigFile.Save(path, "two");

            Assert.That(File.ReadAllText(path), Is.EqualTo("two"));
            Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.That(Directory.GetFiles(Path.GetDirectoryName(path)!), Has.Length.EqualTo(1));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Test]
    [Platform(Exclude = "Win")]
    public void A_link_to_a_kubeconfig_stays_one_and_the_file_keeps_its_mode()
    {
        var folder = Directory.CreateTempSubdirectory("kubeconfig-");
        try
        {
            var (file, link) = (Path.Combine(folder.FullName, "dotfiles", "config"), Path.Combine(folder.FullName, "config"));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, "one");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            File.CreateSymbolicLink(link, Path.Combine("dotfiles", "config"));

            KubeconfigFile.Save(link, "two");

            Assert.That(new FileInfo(link).LinkTarget, Is.EqualTo(Path.Combine("dotfiles", "config")));
            Assert.That(File.ReadAllText(file), Is.EqualTo("two"));
            Assert.That(File.GetUnixFileMode(file), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static KubeconfigEntry Read(string text)
    {
        var path = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():N}");
        File.WriteAllText(path, text);
        try
        {
            return KubeconfigFile.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
