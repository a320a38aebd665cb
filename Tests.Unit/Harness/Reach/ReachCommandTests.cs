using System.Runtime.CompilerServices;
using System.Text;
using Harness.Commands;
using Processes;

namespace Harness.Tests.Reach;

/// <summary>
/// <c>harness reach</c> on manifests. Each folder beside this file holds <c>manifests.yaml</c>, maybe <c>expect.yaml</c>, and what the command
/// says of them: <c>table.txt</c>, <c>wide.txt</c>, <c>json.txt</c>, <c>svg.txt</c>, <c>html.txt</c> for each form, <c>differences.txt</c> for
/// <c>--expect</c>, <c>refusal.txt</c> where it must refuse. A new case is a new folder; with <c>UPDATE_SNAPSHOTS=1</c> the snapshots that are there are
/// written anew.
/// </summary>
internal sealed class ReachCommandTests
{
    private static readonly bool Update = Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1";

    public static IEnumerable<TestCaseData> Cases =>
        from folder in Directory.GetDirectories(Folder()).Order(StringComparer.Ordinal)
        from file in Directory.GetFiles(folder, "*.txt").Order(StringComparer.Ordinal)
        select new TestCaseData(Path.GetFileName(folder), Path.GetFileNameWithoutExtension(file)).SetArgDisplayNames(Path.GetFileName(folder), Path.GetFileNameWithoutExtension(file));

    [TestCaseSource(nameof(Cases))]
    public async Task It_says_what_its_folder_holds(string folder, string what)
    {
        var expected = Path.Combine(Folder(), folder, what + ".txt");
        IEnumerable<string> arguments = ["reach", "-f", "manifests.yaml"];
        arguments = what switch
        {
            "differences" or "refusal" => File.Exists(Path.Combine(Folder(), folder, "expect.yaml")) ? arguments.Concat(["--expect", "expect.yaml"]) : arguments,
            "strangers" => arguments.Concat(["--strangers", "-o", "wide"]),
            _ => arguments.Concat(["-o", what]),
        };

        var (code, output, error) = await RunAsync(folder, [.. arguments]);

        // Messages name files by their whole path, which is another on each machine.
        var found = what is "differences" or "refusal" ? $"{error}exit code {code}\n".Replace(Path.Combine(Folder(), folder) + "/", "", StringComparison.Ordinal) : output;
        if (Update)
            await File.WriteAllTextAsync(expected, found);
        Assert.That(found, Is.EqualTo(await File.ReadAllTextAsync(expected)));
        if (what is not ("differences" or "refusal"))
            Assert.That(code, Is.Zero, error);
    }

    [Test]
    public async Task From_and_to_narrow_what_is_shown()
    {
        var (code, output, _) = await RunAsync("shop", ["reach", "-f", "manifests.yaml", "--from", "shop/*", "--to", "*/db", "-o", "table"]);

        Assert.That(code, Is.Zero);
        Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(3).Select(line => line.Split(' ')[0]), Is.EqualTo(new[] { "shop/db", "shop/web" }));
        Assert.That(output, Does.Not.Contain("kube-dns"));
    }

    [TestCase("--from", "shop/wbe")]
    [TestCase("--from", "web")]
    [TestCase("--to", "shop/wbe")]
    public async Task A_name_that_means_nobody_is_refused(string option, string name)
    {
        var (code, output, error) = await RunAsync("shop", ["reach", "-f", "manifests.yaml", option, name]);

        Assert.That(code, Is.Not.Zero);
        Assert.That(output, Is.Empty);
        Assert.That(error, Does.StartWith($"harness: {option}: '{name}' is nobody there is; write namespace/workload").And.Contain("shop/web"));
    }

    [Test]
    public async Task A_folder_without_manifests_is_refused()
    {
        var empty = Directory.CreateTempSubdirectory();
        try
        {
            var (code, output, error) = await RunAsync("shop", ["reach", "-f", empty.FullName]);

            Assert.That(code, Is.Not.Zero);
            Assert.That(output, Is.Empty);
            Assert.That(error, Is.EqualTo($"harness: {empty.FullName}: no manifests in it, which end in .yaml, .yml, .json\n"));
        }
        finally
        {
            empty.Delete();
        }
    }

    [Test]
    public async Task The_picture_is_well_formed_and_has_a_sign_for_every_connection()
    {
        var (_, output, _) = await RunAsync("shop", ["reach", "-f", "manifests.yaml", "-o", "svg"]);
        var (_, wide, _) = await RunAsync("shop", ["reach", "-f", "manifests.yaml", "-o", "wide"]);

        var picture = System.Xml.Linq.XDocument.Parse(output);

        var signs = picture.Descendants().Where(element => element.Name.LocalName == "text" && ((string?)element.Attribute("class"))?.StartsWith("sign", StringComparison.Ordinal) == true).ToList();
        Assert.That(signs, Has.Count.EqualTo(wide.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length - 1));
        Assert.That(signs.Count(sign => sign.Value == "✓"), Is.EqualTo(wide.Split('\n').Count(line => line.Contains(" yes ", StringComparison.Ordinal))));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string folder, IReadOnlyList<string> arguments)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var code = await HarnessCommand.RunAsync(new ServiceProcess
        {
            Arguments = arguments,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal),
            WorkingDirectory = Path.Combine(Folder(), folder),
            Output = output,
            Error = error,
            Network = new NoNetwork(),
        });
        return (code, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    /// <summary>The command must read files alone here.</summary>
    private sealed class NoNetwork : IProcessNetwork
    {
        public Microsoft.AspNetCore.Connections.IConnectionListenerFactory? Listener => null;

        public ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation) => throw new AssertionException($"dialled {host}:{port}");

        public string? SocketDirectory(string host, int port) => null;
    }
}
