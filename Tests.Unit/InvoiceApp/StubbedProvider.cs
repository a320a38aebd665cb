using System.Text.Json.Nodes;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace InvoiceApp.Tests;

/// <summary>What the tests say to a stubbed payment provider, and ask it.</summary>
internal static class StubbedProvider
{
    public static IRequestBuilder Payment(string? id = null)
    {
        var request = Request.Create().WithPath("/payments/pay").UsingPost();
        return id is null ? request : request.WithBody(new JsonPartialMatcher(new { id }));
    }

    /// <summary>Accepts every payment that nothing else was said about.</summary>
    public static void AcceptsAll(this WireMockServer provider) =>
        provider.Given(Payment()).AtPriority(100).RespondWith(
            Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json")
                .WithBodyAsJson(request => new { id = (string)JsonNode.Parse(request.Body!)!["id"]! }));

    public static void Refuses(this WireMockServer provider, string id, int status = 400, string error = "no") =>
        provider.Given(Payment(id)).RespondWith(Response.Create().WithStatusCode(status).WithBodyAsJson(new { error }));

    /// <summary>The ids asked for, in order.</summary>
    public static string[] Asked(this WireMockServer provider) =>
        [.. provider.LogEntries.Select(entry => (string)JsonNode.Parse(entry.RequestMessage!.Body!)!["id"]!)];
}
