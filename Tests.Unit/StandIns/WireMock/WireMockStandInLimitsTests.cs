using System.Reflection;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace WireMock.Tests;

[TestFixture]
internal sealed class WireMockStandInLimitsTests
{
    [TestCaseSource(nameof(Lacking))]
    public void What_the_stand_in_lacks_it_refuses_by_name(Action use, string member)
    {
        OnTheStandInAlone();

        Assert.That(use, Throws.InstanceOf<NotSupportedException>().With.Message.Contains(member).And.Message.Contains("docs/stand-ins.md"));
    }

    [TestCase(typeof(WireMockServer), 21)]
    [TestCase(typeof(IRequestBuilder), 11)]
    [TestCase(typeof(IResponseBuilder), 6)]
    [TestCase(typeof(IRespondWithAProvider), 8)]
    public void A_member_that_is_here_for_its_name_alone_says_so(Type type, int members)
    {
        OnTheStandInAlone();
        using var server = WireMockServer.Start();
        var subjects = new object[] { server, Request.Create(), Response.Create(), server.Given(Request.Create()) };
        var lacking = type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(method => method.GetCustomAttributes().Any(mark => mark.GetType().Name == "LackingAttribute")).ToList();

        Assert.That(lacking, Has.Count.EqualTo(members));
        foreach (var method in lacking)
        {
            var arguments = method.GetParameters().Select(parameter => parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null).ToArray();
            Assert.That(
                () => method.Invoke(method.IsStatic ? null : subjects.First(type.IsInstanceOfType), arguments),
                Throws.InnerException.InstanceOf<NotSupportedException>().With.InnerException.Message.StartsWith($"WireMock.Net's stand-in does not support {method.Name};"));
        }
    }

    private static void OnTheStandInAlone()
    {
        if (typeof(WireMockServer).Assembly.GetType("WireMock.StandIn") is null)
            Assert.Ignore("the real WireMock.Net is used, which has all this");
    }

    private static IEnumerable<TestCaseData> Lacking()
    {
        yield return Case(() => WireMockServer.Start(useSSL: true).Dispose(), "Start(useSSL: true)");
        yield return Case(() => WireMockServer.Start(useHttp2: true).Dispose(), "Start(useHttp2: true)");
        yield return Case(() => Response.Create().WithTransformer(), "WithTransformer");
        yield return Case(() => Response.Create().WithBodyAsJson(new { }, indented: true), "WithBodyAsJson(indented: true)");
        yield return Case(() => Request.Create().WithBody([], MatchOperator.Average), "MatchOperator.Average");
        yield return Case(() => Request.Create().WithBody(new JsonMatcher("{}", regex: true)), "JsonMatcher(regex: true)");
        yield return Case(() => Request.Create().WithBody(new JsonMatcher("{}", ignoreArrayOrder: true)), "JsonMatcher(ignoreArrayOrder: true)");
        yield return Case(() => Response.Create().WithBody("text", destination: "String"), "WithBody(destination: \"String\")");
        yield return Case(() => Response.Create().WithBodyFromFile("answer.json"), "WithBodyFromFile");
        yield return Case(() => Request.Create().WithCookie("name", "value"), "WithCookie");

        static TestCaseData Case(Action use, string member) => new TestCaseData(use, member).SetArgDisplayNames(member);
    }
}
