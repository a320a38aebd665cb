using WireMock.Matchers;
using WireMock.Matchers.Request;

namespace WireMock.RequestBuilders;

/// <summary>Says which requests are meant. Everything said must hold.</summary>
public partial interface IRequestBuilder : IRequestMatcher
{
    /// <summary>The path fits one of these patterns (<c>*</c>, <c>?</c>).</summary>
    IRequestBuilder WithPath(params string[] paths);

    /// <summary>The path satisfies one of these matchers.</summary>
    IRequestBuilder WithPath(params IStringMatcher[] matchers);

    /// <summary>The path satisfies one of these conditions.</summary>
    IRequestBuilder WithPath(params Func<string, bool>[] funcs);

    /// <summary>The query has this parameter.</summary>
    IRequestBuilder WithParam(string key, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>The query has this parameter with one of these values.</summary>
    IRequestBuilder WithParam(string key, params string[] values);

    /// <summary>DELETE.</summary>
    IRequestBuilder UsingDelete(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>GET.</summary>
    IRequestBuilder UsingGet(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>HEAD.</summary>
    IRequestBuilder UsingHead(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>POST.</summary>
    IRequestBuilder UsingPost(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>PUT.</summary>
    IRequestBuilder UsingPut(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>PATCH.</summary>
    IRequestBuilder UsingPatch(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>Any method.</summary>
    IRequestBuilder UsingAnyMethod();

    /// <summary>One of these methods.</summary>
    IRequestBuilder UsingMethod(params string[] methods);

    /// <summary>A header's value fits the pattern (<c>*</c>, <c>?</c>).</summary>
    IRequestBuilder WithHeader(string name, string pattern, MatchBehaviour matchBehaviour);

    /// <summary>A header's value fits the pattern (<c>*</c>, <c>?</c>).</summary>
    IRequestBuilder WithHeader(string name, string pattern, bool ignoreCase = true, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>A header's value satisfies one of these matchers.</summary>
    IRequestBuilder WithHeader(string name, params IStringMatcher[] matchers);

    /// <summary>The body satisfies the matcher.</summary>
    IRequestBuilder WithBody(IMatcher matcher);

    /// <summary>The body satisfies one of the matchers, or each.</summary>
    IRequestBuilder WithBody(IMatcher[] matchers, MatchOperator matchOperator = MatchOperator.Or);

    /// <summary>The body, as text, fits the pattern (<c>*</c>, <c>?</c>).</summary>
    IRequestBuilder WithBody(string body, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>The body, as text, satisfies the condition.</summary>
    IRequestBuilder WithBody(Func<string?, bool> func);

    /// <summary>The body is this JSON.</summary>
    IRequestBuilder WithBodyAsJson(object body, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch);

    /// <summary>Adds a matcher of one's own.</summary>
    IRequestBuilder Add<T>(T requestMatcher) where T : IRequestMatcher;
}
