using WireMock.Matchers;

namespace WireMock.RequestBuilders;

/// <content>What the package has and the stand-in has not.</content>
public partial interface IRequestBuilder
{
    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder UsingConnect(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder UsingOptions(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder UsingTrace(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithClientIP(params string[] clientIPs) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithCookie(string name, string pattern, bool ignoreCase = true, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithCookie(string name, params IStringMatcher[] matchers) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithHttpVersion(string version, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithMultiPart(IMatcher matcher) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithParam(string key, params IStringMatcher[] matchers) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithUrl(params string[] urls) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRequestBuilder WithWebSocketUpgrade(params string[] protocols) => throw StandIn.Lacks();
}
