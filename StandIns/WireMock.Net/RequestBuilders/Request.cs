using WireMock.Matchers;
using WireMock.Matchers.Request;

namespace WireMock.RequestBuilders;

/// <summary>Says which requests are meant.</summary>
public class Request : IRequestBuilder
{
    private readonly List<IRequestMatcher> _matchers = [];

    private Request()
    {
    }

    /// <summary>Every request, until more is said.</summary>
    public static IRequestBuilder Create() => new Request();

    /// <inheritdoc/>
    public IRequestBuilder WithPath(params string[] paths)
    {
        foreach (var path in paths)
            if (path is not ['/' or '*', ..])
                throw new ArgumentException($"the path '{path}' should start with a '/'", nameof(paths));
        return WithPath([.. paths.Select(path => new WildcardMatcher(path))]);
    }

    /// <inheritdoc/>
    public IRequestBuilder WithPath(params IStringMatcher[] matchers) => When(request => matchers.Any(matcher => matcher.IsMatch(request.Path).IsPerfect()));

    /// <inheritdoc/>
    public IRequestBuilder WithPath(params Func<string, bool>[] funcs) => When(request => funcs.Any(holds => holds(request.Path)));

    /// <inheritdoc/>
    public IRequestBuilder WithParam(string key, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) =>
        When(request => request.GetParameter(key) is not null, matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder WithParam(string key, params string[] values) =>
        // As the package scores them: with more values said than given each of them must be there, else each given must be one of them.
        When(request => request.GetParameter(key) is { } given
            && (values.Length == 0 || (values.Length > given.Count ? values.All(given.Contains) : given.All(values.Contains))));

    /// <inheritdoc/>
    public IRequestBuilder UsingDelete(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => Using("DELETE", matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder UsingGet(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => Using("GET", matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder UsingHead(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => Using("HEAD", matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder UsingPost(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => Using("POST", matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder UsingPut(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => Using("PUT", matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder UsingPatch(MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => Using("PATCH", matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder UsingAnyMethod() => When(_ => true);

    /// <inheritdoc/>
    public IRequestBuilder UsingMethod(params string[] methods) => When(request => methods.Contains(request.Method, StringComparer.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public IRequestBuilder WithHeader(string name, string pattern, MatchBehaviour matchBehaviour) => WithHeader(name, pattern, ignoreCase: true, matchBehaviour);

    /// <inheritdoc/>
    public IRequestBuilder WithHeader(string name, string pattern, bool ignoreCase = true, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch)
    {
        var matcher = new WildcardMatcher(pattern, ignoreCase);
        return When(request => HeaderFits(request, name, [matcher]), matchBehaviour);
    }

    /// <inheritdoc/>
    public IRequestBuilder WithHeader(string name, params IStringMatcher[] matchers) => When(request => HeaderFits(request, name, matchers));

    /// <inheritdoc/>
    public IRequestBuilder WithBody(IMatcher matcher) => WithBody([matcher]);

    /// <inheritdoc/>
    public IRequestBuilder WithBody(IMatcher[] matchers, MatchOperator matchOperator = MatchOperator.Or) => matchOperator switch
    {
        MatchOperator.Or => When(request => matchers.Any(matcher => BodyFits(request, matcher))),
        MatchOperator.And => When(request => matchers.All(matcher => BodyFits(request, matcher))),
        _ => throw StandIn.Lacks("WithBody(matchers, MatchOperator.Average)"),
    };

    /// <inheritdoc/>
    public IRequestBuilder WithBody(string body, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) => WithBody(new WildcardMatcher(matchBehaviour, body));

    /// <inheritdoc/>
    public IRequestBuilder WithBody(Func<string?, bool> func) => When(request => func(request.Body));

    /// <inheritdoc/>
    public IRequestBuilder WithBodyAsJson(object body, MatchBehaviour matchBehaviour = MatchBehaviour.AcceptOnMatch) =>
        WithBody(body as IMatcher ?? new JsonMatcher(matchBehaviour, body));

    /// <inheritdoc/>
    public IRequestBuilder Add<T>(T requestMatcher) where T : IRequestMatcher
    {
        _matchers.Add(requestMatcher);
        return this;
    }

    /// <inheritdoc/>
    public double GetMatchingScore(IRequestMessage requestMessage, IRequestMatchResult requestMatchResult)
    {
        if (_matchers.Count == 0)
            return requestMatchResult.AddScore(GetType(), 1, null);
        foreach (var matcher in _matchers)
            matcher.GetMatchingScore(requestMessage, requestMatchResult);
        return requestMatchResult.AverageTotalScore;
    }

    private static bool HeaderFits(IRequestMessage request, string name, IStringMatcher[] matchers) =>
        request.Headers?.TryGetValue(name, out var values) == true && values.Any(value => matchers.Any(matcher => matcher.IsMatch(value).IsPerfect()));

    private static bool BodyFits(IRequestMessage request, IMatcher matcher) => matcher switch
    {
        IObjectMatcher json => json.IsMatch(request.BodyData?.BodyAsJson).IsPerfect(),
        IStringMatcher text => text.IsMatch(request.Body).IsPerfect(),
        _ => throw StandIn.Lacks($"WithBody({matcher.Name})"),
    };

    private Request Using(string method, MatchBehaviour behaviour) => When(request => request.Method == method, behaviour);

    private Request When(Func<IRequestMessage, bool> holds, MatchBehaviour behaviour = MatchBehaviour.AcceptOnMatch)
    {
        _matchers.Add(new Condition(holds, behaviour));
        return this;
    }

    private sealed class Condition(Func<IRequestMessage, bool> holds, MatchBehaviour behaviour) : IRequestMatcher
    {
        public double GetMatchingScore(IRequestMessage requestMessage, IRequestMatchResult requestMatchResult) =>
            requestMatchResult.AddScore(GetType(), MatchResult.From(behaviour, holds(requestMessage)).Score, null);
    }
}
