using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tests.Contract.Consumer;
using Tests.Contract.Provider;

namespace Tests.Contract.Commands;

/// <summary>What a broker answers to publishing, to fetching pacts for a verification, to its results, and to can-i-deploy; it keeps what it was asked.</summary>
internal sealed class BrokerStub : IAsyncDisposable
{
    private readonly List<Asked> _asked = [];
    private LocalServer _server = null!;

    public Uri Url => _server.Url;

    /// <summary>Whether can-i-deploy is answered with yes; null is neither.</summary>
    public bool? Deployable { get; set; } = true;

    /// <summary>Answers this to everything, where set.</summary>
    public (int Status, string Body)? Always { get; set; }

    public IReadOnlyList<Asked> All
    {
        get
        {
            lock (_asked)
                return [.. _asked];
        }
    }

    public static async Task<BrokerStub> StartAsync()
    {
        var stub = new BrokerStub();
        stub._server = await LocalServer.StartAsync(stub.AnswerAsync);
        return stub;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var asked = new Asked(
            context.Request.Method, context.Request.Path.Value!, context.Request.QueryString.Value ?? "",
            context.Request.Headers.Authorization.ToString(), await reader.ReadToEndAsync());
        lock (_asked)
            _asked.Add(asked);
        var (status, body) = Always ?? await AnswerAsync(asked);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/hal+json";
        await context.Response.WriteAsync(body);
    }

    private async Task<(int Status, string Body)> AnswerAsync(Asked asked)
    {
        JsonObject Links(params (string Name, string Path)[] links) => new()
        {
            ["_links"] = new JsonObject([.. links.Select(link => KeyValuePair.Create<string, JsonNode?>(link.Name, new JsonObject { ["href"] = new Uri(Url, link.Path).AbsoluteUri }))]),
        };

        switch (asked.Method, asked.Path)
        {
            case ("GET", "/"):
                return (200, Links(("pb:provider-pacts-for-verification", "/pacts/provider/PaymentProvider/for-verification")).ToJsonString());
            case ("GET", "/pacts/provider/PaymentProvider/for-verification"):
                return (200, Links(("self", asked.Path)).ToJsonString());
            case ("POST", "/pacts/provider/PaymentProvider/for-verification"):
                var pacts = Links(("self", "/pacts/provider/PaymentProvider/for-verification"));
                pacts["_embedded"] = new JsonObject
                {
                    ["pacts"] = new JsonArray(new JsonObject
                    {
                        ["shortDescription"] = "main",
                        ["verificationProperties"] = new JsonObject { ["pending"] = false, ["notices"] = new JsonArray() },
                        ["_links"] = new JsonObject { ["self"] = new JsonObject { ["href"] = new Uri(Url, "/pacts/the-one").AbsoluteUri, ["name"] = "the pact" } },
                    }),
                };
                return (200, pacts.ToJsonString());
            case ("GET", "/pacts/the-one"):
                var pact = JsonNode.Parse(await File.ReadAllTextAsync(Pacts.CommittedFile))!;
                foreach (var (index, interaction) in pact["interactions"]!.AsArray().Index())
                    interaction!["_id"] = $"interaction-{index}";
                pact["_links"] = Links(
                    ("self", "/pacts/the-one"), ("pb:publish-verification-results", "/pacts/the-one/results"), ("pb:provider", "/pacticipants/PaymentProvider"))["_links"]!.DeepClone();
                return (200, pact.ToJsonString());
            case ("GET", "/pacticipants/PaymentProvider"):
                var provider = Links(("self", "/pacticipants/PaymentProvider"));
                provider["_links"]!["pb:branch-version"] = new JsonObject { ["href"] = new Uri(Url, "/pacticipants/PaymentProvider").AbsoluteUri + "/branches/{branch}/versions/{version}", ["templated"] = true };
                provider["_links"]!["pb:version-tag"] = new JsonObject { ["href"] = new Uri(Url, "/pacticipants/PaymentProvider").AbsoluteUri + "/versions/{version}/tags/{tag}", ["templated"] = true };
                return (200, provider.ToJsonString());
            case ("POST", "/pacts/the-one/results"):
                return (201, "{}");
            case ("PUT", _) when asked.Path.StartsWith("/pacticipants/PaymentProvider/branches/", StringComparison.Ordinal):
                return (201, "{}");
            case ("POST", "/contracts/publish"):
                return (200, """{"notices":[{"type":"success","text":"Pact successfully published"}]}""");
            case ("GET", "/can-i-deploy"):
                return (200, new JsonObject { ["summary"] = new JsonObject { ["deployable"] = Deployable, ["reason"] = Deployable == true ? "all is verified" : "a verification is missing" } }.ToJsonString());
            default:
                return (404, """{"error":"no such resource"}""");
        }
    }

    /// <summary>A request as it came.</summary>
    internal sealed record Asked(string Method, string Path, string Query, string Authorization, string Body);
}
