using WireMock.Types;

namespace WireMock.Server;

/// <content>What the package has and the stand-in has not.</content>
public partial interface IRespondWithAProvider
{
    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithData(object data) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithDescription(string description) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithGraphQLSchema(string graphQLSchemaOrId) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithIsDisabled(bool isDisabled) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithProbability(double probability) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithProtoDefinition(params string[] protoDefinitionOrId) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithWebhook(string url, string method = "post", IDictionary<string, WireMockList<string>>? headers = null, string? body = null, bool useTransformer = true) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    IRespondWithAProvider WithWebhookFireAndForget(bool useWebhooksFireAndForget) => throw StandIn.Lacks();
}
