using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace Tests.Unit.StandIns.WireMock;

[TestFixture]
internal sealed class WireMockStandInLimitsTests
{
    [TestCaseSource(nameof(Lacking))]
    public void What_the_stand_in_lacks_it_refuses_by_name(Action use, string member)
    {
        if (typeof(WireMockServer).Assembly.GetType("WireMock.StandIn") is null)
            Assert.Ignore("the real WireMock.Net is used, which has all this");

        Assert.That(use, Throws.InstanceOf<NotSupportedException>().With.Message.Contains(member).And.Message.Contains("docs/stand-ins.md"));
    }

    private static IEnumerable<TestCaseData> Lacking()
    {
        yield return Case(() => WireMockServer.Start(useSSL: true).Dispose(), "Start(useSSL: true)");
        yield return Case(() => WireMockServer.Start(useHttp2: true).Dispose(), "Start(useHttp2: true)");
        yield return Case(() => Response.Create().WithTransformer(), "WithTransformer");
        yield return Case(() => Response.Create().WithBodyAsJson(new { }, indented: true), "WithBodyAsJson(indented: true)");
        yield return Case(() => Request.Create().WithBody([], MatchOperator.Average), "MatchOperator.Average");
        yield return Case(() => Request.Create().WithBody(new JsonMatcher("{}", regex: true)), "JsonMatcher(regex: true)");

        static TestCaseData Case(Action use, string member) => new TestCaseData(use, member).SetArgDisplayNames(member);
    }
}
