using System.Text.Json.Nodes;

namespace Tests.Contract.Consumer;

/// <summary>Writes the pact: invoice-app's own client against Pact's mock server.</summary>
[TestFixture]
internal sealed class PaymentPactTests
{
    private readonly List<DirectoryInfo> _folders = [];

    [TearDown]
    public void Forget()
    {
        foreach (var folder in _folders)
            folder.Delete(recursive: true);
        _folders.Clear();
    }

    [TestCaseSource(typeof(PaymentInteractions), nameof(PaymentInteractions.All))]
    public Task Invoice_app_sends_and_understands(PaymentInteraction interaction) => Pacts.WriteAsync(interaction, NewFolder());

    [Test]
    public async Task The_committed_pact_is_what_these_tests_write()
    {
        var written = await WriteAllAsync(PaymentInteractions.All);
        var committed = File.Exists(Pacts.CommittedFile) ? await File.ReadAllTextAsync(Pacts.CommittedFile) : "{}";

        // A newer core writes its own version into the metadata; that alone is no change of the contract.
        if (JsonNode.DeepEquals(WithoutToolVersions(written), WithoutToolVersions(committed)))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Pacts.CommittedFile)!);
        await File.WriteAllTextAsync(Pacts.CommittedFile, written);
        Assert.Fail($"the pact has changed: Contracts/pacts/{Pacts.FileName} was written anew; look at what git diff shows, and commit it");
    }

    [Test]
    public async Task The_pact_is_the_same_in_whatever_order_it_is_written()
    {
        var forwards = await WriteAllAsync(PaymentInteractions.All);
        var backwards = await WriteAllAsync(PaymentInteractions.All.Reverse());

        Assert.That(backwards, Is.EqualTo(forwards));
    }

    private static JsonNode WithoutToolVersions(string pact)
    {
        var json = JsonNode.Parse(pact)!;
        json["metadata"]?.AsObject().Remove("pactRust");
        return json;
    }

    private async Task<string> WriteAllAsync(IEnumerable<PaymentInteraction> interactions)
    {
        var folder = NewFolder();
        foreach (var interaction in interactions)
            await Pacts.WriteAsync(interaction, folder);
        return await File.ReadAllTextAsync(Path.Combine(folder, Pacts.FileName));
    }

    private string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("pacts-");
        _folders.Add(folder);
        return folder.FullName;
    }
}
