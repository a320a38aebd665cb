using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Extensions;

/// <summary>An answer of the API.</summary>
internal sealed record Answer(int Code, JsonNode? Body, IReadOnlyList<string> Warnings)
{
    public string? Message => (string?)Body?["message"];

    public override string ToString() => $"{Code} {Body?.ToJsonString()}";
}

/// <summary>A cluster without nodes, spoken to over HTTPS, and the custom resource most tests use.</summary>
internal sealed class CustomCluster : IAsyncDisposable
{
    public const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    private CustomCluster(SimulatedCluster cluster)
    {
        Cluster = cluster;
        Client = ApiHttp.ClientOf(cluster);
    }

    public SimulatedCluster Cluster { get; }
    public HttpClient Client { get; }

    public static async Task<CustomCluster> StartAsync() => new(await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] }));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Cluster.DisposeAsync();
    }

    /// <summary>A definition of <c>plural.group</c>, whose kind is the plural's singular, capitalized.</summary>
    public static JsonObject Definition(string group, string plural, string schema, string more = "", string scope = "Namespaced", string names = "")
    {
        var singular = plural.TrimEnd('s');
        var kind = char.ToUpperInvariant(singular[0]) + singular[1..];
        return (JsonObject)JsonNode.Parse($$$"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"{{{plural}}}.{{{group}}}"},
             "spec":{"group":"{{{group}}}","scope":"{{{scope}}}","names":{"plural":"{{{plural}}}","kind":"{{{kind}}}"{{{names}}}},
              "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{{{schema}}}}{{{more}}}}]}}
            """)!;
    }

    public Task<Answer> GetAsync(string path, string accept = "application/json") => SendAsync("GET", path, null, accept: accept);
    public Task<Answer> PostAsync(string path, JsonNode body) => SendAsync("POST", path, body.ToJsonString());
    public Task<Answer> PostAsync(string path, string body) => SendAsync("POST", path, body);
    public Task<Answer> PutAsync(string path, JsonNode body) => SendAsync("PUT", path, body.ToJsonString());
    public Task<Answer> DeleteAsync(string path) => SendAsync("DELETE", path, null);
    public Task<Answer> MergeAsync(string path, string patch) => SendAsync("PATCH", path, patch, "application/merge-patch+json");
    public Task<Answer> ApplyAsync(string path, string yaml, string manager = "tester") =>
        SendAsync("PATCH", $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}fieldManager={manager}", yaml, "application/apply-patch+yaml");

    public async Task<Answer> SendAsync(string method, string path, string? body, string type = "application/json", string accept = "application/json", string? user = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (user is not null)
            request.Headers.Add("Impersonate-User", user);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }
        using var response = await Client.SendAsync(request);
        var told = await response.Content.ReadAsStringAsync();
        var warnings = response.Headers.TryGetValues("Warning", out var all) ? all.Select(warning => warning["299 - \"".Length..^1].Replace("\\\"", "\"", StringComparison.Ordinal)).ToList() : [];
        JsonNode? parsed = null;
        try
        {
            parsed = told.Length == 0 ? null : JsonNode.Parse(told);
        }
        catch (System.Text.Json.JsonException)
        {
            parsed = JsonValue.Create(told);
        }
        return new Answer((int)response.StatusCode, parsed, warnings);
    }

    /// <summary>Creates a definition and waits until it is established.</summary>
    public async Task<JsonNode> EstablishAsync(JsonObject definition)
    {
        var created = await PostAsync(Definitions, definition);
        Assert.That(created.Code, Is.EqualTo(201), created.ToString());
        var name = (string)definition["metadata"]!["name"]!;
        return await EstablishedAsync(name);
    }

    public async Task<JsonNode> EstablishedAsync(string name) =>
        (await UntilAsync($"{Definitions}/{name}", answer => ConditionOf(answer.Body, "Established") == "True")).Body!;

    public static string? ConditionOf(JsonNode? @object, string type) => (string?)(@object?["status"]?["conditions"] as JsonArray)?
        .FirstOrDefault(condition => (string?)condition!["type"] == type)?["status"];

    /// <summary>Gets a path until its answer is as it should be.</summary>
    public Task<Answer> UntilAsync(string path, Func<Answer, bool> holds, string accept = "application/json") =>
        Eventually.HoldsAsync(() => GetAsync(path, accept), holds, path);
}
