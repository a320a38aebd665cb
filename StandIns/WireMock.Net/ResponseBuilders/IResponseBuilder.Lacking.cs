namespace WireMock.ResponseBuilders;

/// <content>What the package has and the stand-in has not.</content>
public partial interface IResponseBuilder
{
    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IResponseBuilder WithBodyFromFile(string filename, bool cache = true) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IResponseBuilder WithProxy(string proxyUrl, string? clientX509Certificate2ThumbprintOrSubjectName = null) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IResponseBuilder WithRandomDelay(int minimumMilliseconds = 0, int maximumMilliseconds = 60_000) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IResponseBuilder WithTrailingHeader(string name, params string[] values) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IResponseBuilder WithTransformer(bool transformContentFromBodyAsFile = false) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IResponseBuilder WithWebSocketProxy(string targetUrl) => throw StandIn.Lacks();
}
