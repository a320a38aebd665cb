using System.Net;
using WireMock.Matchers.Request;
using WireMock.ResponseBuilders;

namespace WireMock.Server;

/// <summary>A request that is expected, and what follows it.</summary>
internal sealed class Mapping(IRequestMatcher request, Action<Mapping> add) : IRespondWithAProvider
{
    public Guid Guid { get; private set; } = Guid.NewGuid();

    internal string? Title { get; private set; }

    internal int Priority { get; private set; }

    internal string? Scenario { get; private set; }

    internal string? RequiredState { get; private set; }

    internal string? NextState { get; private set; }

    internal int TimesInState { get; private set; } = 1;

    internal Response Response { get; private set; } = (Response)Response.Create();

    internal IRequestMatchResult Match(IRequestMessage message)
    {
        var result = new RequestMatchResult();
        request.GetMatchingScore(message, result);
        return result;
    }

    public IRespondWithAProvider WithGuid(Guid guid) => With(() => Guid = guid);

    public IRespondWithAProvider WithTitle(string title) => With(() => Title = title);

    public IRespondWithAProvider AtPriority(int priority) => With(() => Priority = priority);

    public IRespondWithAProvider InScenario(string scenario) => With(() => Scenario = scenario);

    public IRespondWithAProvider InScenario(int scenario) => InScenario(scenario.ToString());

    public IRespondWithAProvider WhenStateIs(string state) => With(() => RequiredState = Scenario is null ? throw NoScenario("WhenStateIs") : state);

    public IRespondWithAProvider WhenStateIs(int state) => WhenStateIs(state.ToString());

    public IRespondWithAProvider WillSetStateTo(string state, int? times = 1) => With(() =>
    {
        NextState = Scenario is null ? throw NoScenario("WillSetStateTo") : state;
        TimesInState = times ?? 1;
    });

    public IRespondWithAProvider WillSetStateTo(int state, int? times = 1) => WillSetStateTo(state.ToString(), times);

    public void RespondWith(IResponseBuilder provider)
    {
        Response = provider as Response ?? throw StandIn.Lacks($"RespondWith({provider.GetType().Name})");
        add(this);
    }

    public void ThenRespondWith(Action<IResponseBuilder> action)
    {
        var response = ResponseBuilders.Response.Create();
        action(response);
        RespondWith(response);
    }

    public void ThenRespondWithOK() => ThenRespondWithStatusCode(200);

    public void ThenRespondWithStatusCode(int code) => RespondWith(ResponseBuilders.Response.Create().WithStatusCode(code));

    public void ThenRespondWithStatusCode(HttpStatusCode code) => ThenRespondWithStatusCode((int)code);

    private static ArgumentException NoScenario(string member) => new($"{member} needs InScenario before it");

    private Mapping With(Action change)
    {
        change();
        return this;
    }
}
