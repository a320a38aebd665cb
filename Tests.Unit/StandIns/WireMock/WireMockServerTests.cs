using System.Net;
using System.Net.Http.Json;
using System.Text;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;
using WireMock.Types;
using WireMock.Util;

namespace WireMock.Tests;

/// <summary>Holds for the package as for its stand-in: with -p:Packages=real the same lines run against the real one.</summary>
[TestFixture]
internal sealed class WireMockServerTests
{
    private WireMockServer _server = null!;
    private HttpClient _client = null!;

    [SetUp]
    public void Start()
    {
        _server = WireMockServer.Start();
        _client = _server.CreateClient();
    }

    [TearDown]
    public void Stop()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Test]
    public async Task A_request_that_no_mapping_expects_is_404_and_logged()
    {
        using var answer = await _client.GetAsync("/nowhere?a=1");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("No matching mapping found"));
        var entry = _server.LogEntries.Single();
        Assert.That((entry.MappingGuid, entry.RequestMessage!.Path, entry.RequestMessage.Method), Is.EqualTo(((Guid?)null, "/nowhere", "GET")));
        Assert.That(entry.RequestMessage.GetParameter("a")!.ToString(), Is.EqualTo("1"));
    }

    [Test]
    public async Task A_mapping_answers_with_its_status_headers_and_JSON()
    {
        _server.Given(Request.Create().WithPath("/things").UsingPost()).RespondWith(
            Response.Create().WithStatusCode(201).WithHeader("Location", "/things/1").WithHeader("Content-Type", "application/json").WithBodyAsJson(new { id = "1", left = (string?)null, whole = 10m }));

        using var answer = await _client.PostAsync("/things", content: null);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(answer.Headers.Location!.OriginalString, Is.EqualTo("/things/1"));
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("""{"id":"1","whole":10.0}"""));
    }

    [Test]
    public async Task Everything_said_about_a_request_must_hold()
    {
        _server.Given(Request.Create().WithPath("/a/*").UsingPost().WithHeader("X-Key", "k?y").WithParam("q", "1", "2").WithBody(new JsonPartialMatcher(new { id = "I1" })))
            .RespondWith(Response.Create().WithStatusCode(200));

        Assert.That(await StatusAsync("/a/b?q=1&q=2", "KEY", """{"id":"I1","value":1}"""), Is.EqualTo(200));
        Assert.That(await StatusAsync("/a/b?q=2", "key", """{"id":"I1","value":1}"""), Is.EqualTo(404), "both values are wanted");
        Assert.That(await StatusAsync("/b?q=1&q=2", "key", """{"id":"I1","value":1}"""), Is.EqualTo(404), "path");
        Assert.That(await StatusAsync("/a/b?q=3", "key", """{"id":"I1","value":1}"""), Is.EqualTo(404), "parameter");
        Assert.That(await StatusAsync("/a/b?q=1&q=2", "kees", """{"id":"I1","value":1}"""), Is.EqualTo(404), "header");
        Assert.That(await StatusAsync("/a/b?q=1&q=2", "key", """{"id":"I2","value":1}"""), Is.EqualTo(404), "body");
        Assert.That(await StatusAsync("/a/b?q=1&q=2", "key", "{"), Is.EqualTo(404), "not JSON");

        async Task<int> StatusAsync(string path, string key, string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Add("X-Key", key);
            using var answer = await _client.SendAsync(request);
            return (int)answer.StatusCode;
        }
    }

    [TestCase("""{"b":[1,{"c":2.50}],"a":"x"}""", true)]
    [TestCase("""{"a":"x","b":[1,{"c":2.5}],"d":1}""", false, Description = "one property more")]
    [TestCase("""{"a":"x","b":[1,{"c":2.6}]}""", false, Description = "another number")]
    [TestCase("""{"a":"x","b":[1.0,{"c":2.5}]}""", false, Description = "a fraction where a whole number was")]
    [TestCase("""{"a":"X","b":[1,{"c":2.5}]}""", false, Description = "another case")]
    public async Task JsonMatcher_wants_the_same_JSON(string body, bool matches)
    {
        _server.Given(Request.Create().WithBody(new JsonMatcher("""{"a":"x","b":[1,{"c":2.5}]}"""))).RespondWith(Response.Create().WithSuccess());

        using var answer = await _client.PostAsync("/", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.That(answer.IsSuccessStatusCode, Is.EqualTo(matches));
    }

    [Test]
    public async Task The_lowest_priority_number_answers_then_the_one_added_last()
    {
        _server.Given(Request.Create().WithPath("/p")).AtPriority(1).RespondWith(Response.Create().WithStatusCode(201));
        _server.Given(Request.Create().WithPath("/p")).AtPriority(2).RespondWith(Response.Create().WithStatusCode(202));
        _server.Given(Request.Create().WithPath("/q")).RespondWith(Response.Create().WithStatusCode(201));
        _server.Given(Request.Create().WithPath("/q")).RespondWith(Response.Create().WithStatusCode(202));

        Assert.That((await StatusOfGetAsync("/p"), await StatusOfGetAsync("/q")), Is.EqualTo((201, 202)));
    }

    [Test]
    public async Task A_scenario_goes_from_state_to_state()
    {
        _server.Given(Request.Create().WithPath("/s")).InScenario("flaky").WillSetStateTo("mended", times: 2).RespondWith(Response.Create().WithStatusCode(500));
        _server.Given(Request.Create().WithPath("/s")).InScenario("flaky").WhenStateIs("mended").WillSetStateTo("mended").RespondWith(Response.Create().WithStatusCode(200));

        var first = new[] { await StatusOfGetAsync("/s"), await StatusOfGetAsync("/s"), await StatusOfGetAsync("/s"), await StatusOfGetAsync("/s") };
        _server.ResetScenarios();

        Assert.That(first, Is.EqualTo((int[])[500, 500, 200, 200]));
        Assert.That(await StatusOfGetAsync("/s"), Is.EqualTo(500));
    }

    [Test]
    public async Task A_callback_makes_the_answer_from_the_request()
    {
        _server.Given(Request.Create().WithPath("/echo")).RespondWith(Response.Create().WithCallback(request => new WireMock.ResponseMessage
        {
            StatusCode = 202,
            BodyData = new BodyData { BodyAsString = request.Body + "!", DetectedBodyType = BodyType.String },
        }));

        using var answer = await _client.PostAsync("/echo", new StringContent("hello"));

        Assert.That((int)answer.StatusCode, Is.EqualTo(202));
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("hello!"));
    }

    [Test]
    public async Task An_empty_answer_keeps_its_status_and_loses_its_body()
    {
        _server.Given(Request.Create().WithPath("/f")).RespondWith(Response.Create().WithStatusCode(200).WithBody("text").WithFault(FaultType.EMPTY_RESPONSE));

        using var answer = await _client.GetAsync("/f");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await answer.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task A_malformed_answer_is_half_of_its_body_and_rubbish()
    {
        _server.Given(Request.Create().WithPath("/f")).RespondWith(Response.Create().WithBody("""{"id":"I1"}""").WithFault(FaultType.MALFORMED_RESPONSE_CHUNK));

        var body = await _client.GetByteArrayAsync("/f");

        Assert.That(Encoding.UTF8.GetString(body), Does.StartWith("""{"id""").And.Not.StartWith("""{"id":"I1"}"""));
        Assert.That(body, Has.Length.GreaterThan(11));
    }

    [Test]
    public void A_delayed_answer_outlasts_the_callers_patience()
    {
        _server.Given(Request.Create().WithPath("/slow")).RespondWith(Response.Create().WithDelay(TimeSpan.FromMinutes(10)));
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        Assert.That(async () => await _client.GetAsync("/slow", patience.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Log_entries_are_found_by_what_was_asked()
    {
        await _client.PostAsJsonAsync("/pay", new { id = "I1" });
        await _client.PostAsJsonAsync("/pay", new { id = "I2" });

        Assert.That(_server.FindLogEntries(Request.Create().WithPath("/pay").WithBody(new JsonMatcher(new { id = "I2" }))), Has.Count.EqualTo(1));
        Assert.That(_server.LogEntries.Select(entry => entry.RequestMessage!.Body), Is.EqualTo((string[])["""{"id":"I1"}""", """{"id":"I2"}"""]));
        Assert.That(_server.LogEntries[0].RequestMessage!.Headers!["Content-Type"].ToString(), Does.StartWith("application/json"));

        _server.Reset();
        Assert.That(_server.LogEntries, Is.Empty);
    }

    private async Task<int> StatusOfGetAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        return (int)answer.StatusCode;
    }
}
