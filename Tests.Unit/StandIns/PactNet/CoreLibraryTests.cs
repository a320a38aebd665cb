using System.Text.Json;
using PactNet.Core;
using PactNet.Matchers;

namespace PactNet.Tests;

[TestFixture]
internal sealed class CoreLibraryTests
{
    private DirectoryInfo _folder = null!;

    [SetUp]
    public void Start() => _folder = Directory.CreateTempSubdirectory("pact-core-");

    [TearDown]
    public void Stop() => _folder.Delete(recursive: true);

    [Test]
    public void A_missing_core_is_named_with_where_it_was_looked_for_and_the_cure()
    {
        // Whoever has it among the system's libraries misses nothing.
        try
        {
            CoreLibrary.Open(null, _folder.FullName);
            Assert.Ignore("this machine has libpact_ffi among its libraries");
        }
        catch (DllNotFoundException missing)
        {
            Assert.That(missing.Message, Does.Contain($"above {_folder.FullName}").And.Contain("eng/pact.sh fetches it from npm").And.Contain("HARNESS_PACT_FFI"));
        }
    }

    [Test]
    public void A_core_named_by_the_setting_must_be_there()
    {
        var file = Path.Combine(_folder.FullName, "libpact_ffi.so");

        Assert.That(() => CoreLibrary.Open(file, _folder.FullName), Throws.TypeOf<DllNotFoundException>().With.Message.EqualTo($"HARNESS_PACT_FFI names {file}, which does not exist"));
    }

    [Test]
    public void A_file_that_is_no_library_is_named()
    {
        var file = Path.Combine(_folder.FullName, "libpact_ffi.so");
        File.WriteAllText(file, "not a library");

        Assert.That(() => CoreLibrary.Open(file, _folder.FullName), Throws.TypeOf<DllNotFoundException>().With.Message.EqualTo($"HARNESS_PACT_FFI names {file}, which is no library for this machine"));
    }

    [TestCase("0.3.19", "Pact's core is version 0.3.19, which is too old; 0.4.22 or newer is needed: eng/pact.sh fetches it from npm")]
    [TestCase("0.4.21", "Pact's core is version 0.4.21, which is too old; 0.4.22 or newer is needed: eng/pact.sh fetches it from npm")]
    [TestCase("soon", "Pact's core says 'soon', which is no version; 0.4.22 or newer is needed: eng/pact.sh fetches it from npm")]
    [TestCase(null, "Pact's core says '', which is no version; 0.4.22 or newer is needed: eng/pact.sh fetches it from npm")]
    public void A_core_that_is_too_old_is_refused(string? said, string message) =>
        Assert.That(() => CoreLibrary.Check(said), Throws.TypeOf<DllNotFoundException>().With.Message.EqualTo(message));

    [TestCase("0.4.22")]
    [TestCase("0.5.8")]
    [TestCase("1.0.0-rc.1+abc")]
    public void A_newer_core_will_do(string said) => Assert.That(CoreLibrary.Check(said), Is.GreaterThanOrEqualTo(CoreLibrary.VersionMin));

    [Test]
    public void Matchers_are_written_as_the_core_reads_them()
    {
        var written = JsonSerializer.Serialize(new
        {
            type = Match.Type("a"),
            regex = Match.Regex("a", "^a$"),
            integer = Match.Integer(1),
            number = Match.Number(1.5m),
            real = Match.Decimal(1.5),
            equal = Match.Equality("a"),
            nothing = Match.Null(),
            part = Match.Include("a"),
            list = Match.MinType(new { id = Match.Type("a") }, 1),
            bounded = Match.MinMaxType("a", 1, 3),
        });

        Assert.That(written, Is.EqualTo(
            """{"type":{"pact:matcher:type":"type","value":"a"},"regex":{"pact:matcher:type":"regex","value":"a","regex":"^a$"},"integer":{"pact:matcher:type":"integer","value":1},"number":{"pact:matcher:type":"number","value":1.5},"real":{"pact:matcher:type":"decimal","value":1.5},"equal":{"pact:matcher:type":"equality","value":"a"},"nothing":{"pact:matcher:type":"null"},"part":{"pact:matcher:type":"include","value":"a"},"list":{"pact:matcher:type":"type","value":[{"id":{"pact:matcher:type":"type","value":"a"}}],"min":1},"bounded":{"pact:matcher:type":"type","value":["a"],"min":1,"max":3}}"""));
        Assert.That(() => Match.MinMaxType("a", 0, 0), Throws.ArgumentException);
    }

    [Test]
    public void A_matcher_that_is_known_as_an_object_only_is_written_the_same() =>
        Assert.That(JsonSerializer.Serialize(new { any = (object)Match.Type("a") }), Is.EqualTo(JsonSerializer.Serialize(new { any = Match.Type("a") })));

    [Test]
    public void A_matcher_of_ones_own_is_refused_by_name() =>
        Assert.That(() => JsonSerializer.Serialize<IMatcher>(new Own()), Throws.TypeOf<NotSupportedException>().With.Message.Contains(nameof(Own)));

    private sealed class Own : IMatcher
    {
        public string Type => "own";

        public object? Value => null;
    }
}
