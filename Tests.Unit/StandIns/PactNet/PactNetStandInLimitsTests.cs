using PactNet;
using PactNet.Verifier;

namespace PactNet.Tests;

[TestFixture]
internal sealed class PactNetStandInLimitsTests
{
    [TestCaseSource(nameof(Lacking))]
    public void What_the_stand_in_lacks_it_refuses_by_name(Action use, string member) =>
        Assert.That(use, Throws.InstanceOf<NotSupportedException>().With.Message.StartsWith($"PactNet's stand-in does not support {member};").And.Message.Contains("docs/stand-ins.md"));

    private static IEnumerable<TestCaseData> Lacking()
    {
        yield return Case(() => Pact.V2("consumer", "provider"), "Pact.V2");
        yield return Case(() => Pact.V2("consumer", "provider", new PactConfig()), "Pact.V2");
        yield return Case(() => Pact.V3("consumer", "provider"), "Pact.V3");
        yield return Case(() => Pact.V3("consumer", "provider", new PactConfig()), "Pact.V3");
        yield return Case(() => Pact.V4("consumer", "provider").WithMessageInteractions(), "WithMessageInteractions");
        yield return Case(() => Verify(verifier => verifier.WithMessages(_ => { })), "WithMessages");

        static TestCaseData Case(Action use, string member) => new TestCaseData(use, member).SetArgDisplayNames(member);
    }

    private static void Verify(Action<IPactVerifier> use)
    {
        using var verifier = new PactVerifier("provider");
        use(verifier);
    }
}
