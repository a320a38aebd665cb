using System.Net;
using WireMock.ResponseBuilders;

namespace WireMock.Server;

/// <summary>Says what follows a request.</summary>
public partial interface IRespondWithAProvider
{
    /// <summary>The mapping's id.</summary>
    Guid Guid { get; }

    /// <summary>Gives the mapping an id; another one with it is replaced.</summary>
    IRespondWithAProvider WithGuid(Guid guid);

    /// <summary>Gives the mapping a title, for the log.</summary>
    IRespondWithAProvider WithTitle(string title);

    /// <summary>Of several mappings that match, the one with the lowest number answers; of equal ones, the one added last.</summary>
    IRespondWithAProvider AtPriority(int priority);

    /// <summary>Answers only in a state of this scenario.</summary>
    IRespondWithAProvider InScenario(string scenario);

    /// <summary>Answers only in a state of this scenario.</summary>
    IRespondWithAProvider InScenario(int scenario);

    /// <summary>The state in which to answer; without it, the scenario's beginning.</summary>
    IRespondWithAProvider WhenStateIs(string state);

    /// <summary>The state in which to answer.</summary>
    IRespondWithAProvider WhenStateIs(int state);

    /// <summary>The state after having answered <paramref name="times"/> times.</summary>
    IRespondWithAProvider WillSetStateTo(string state, int? times = 1);

    /// <summary>The state after having answered <paramref name="times"/> times.</summary>
    IRespondWithAProvider WillSetStateTo(int state, int? times = 1);

    /// <summary>What is answered. From here on the mapping counts.</summary>
    void RespondWith(IResponseBuilder provider);

    /// <summary>Answers as <paramref name="action"/> says.</summary>
    void ThenRespondWith(Action<IResponseBuilder> action);

    /// <summary>Answers 200.</summary>
    void ThenRespondWithOK();

    /// <summary>Answers with this status.</summary>
    void ThenRespondWithStatusCode(int code);

    /// <summary>Answers with this status.</summary>
    void ThenRespondWithStatusCode(HttpStatusCode code);
}
