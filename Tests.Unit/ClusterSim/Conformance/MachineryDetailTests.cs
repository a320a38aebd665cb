using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Conformance;

/// <summary>Details of the API machinery that clients meet: options of deletes, metadata that only the server sets, forms of answers, selectors, health.</summary>
public sealed class MachineryDetailTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string Merge = "application/merge-patch+json";

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync();
        _client = ApiHttp.ClientOf(_cluster);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [TestCase("v1")]
    [TestCase("apps/v1")]
    [TestCase("meta.k8s.io/v1")]
    [TestCase("example.com/v1")]
    public async Task Options_of_a_delete_come_in_any_version(string version)
    {
        await PostAsync(Maps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"optional"}}""");

        var deleted = await SendAsync("DELETE", $"{Maps}/optional", $$"""{"apiVersion":"{{version}}","kind":"DeleteOptions","propagationPolicy":"Background"}""");

        Assert.That((deleted.Status, (string?)deleted.Body["status"]), Is.EqualTo((HttpStatusCode.OK, "Success")));
    }

    [Test]
    public async Task Options_that_contradict_each_other_are_refused()
    {
        var answer = await SendAsync("DELETE", $"{Maps}/none", """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Bad","orphanDependents":true}""");

        Assert.That((string?)answer.Body["message"], Is.EqualTo(
            "DeleteOptions.meta.k8s.io \"\" is invalid: [propagationPolicy: Invalid value: \"Bad\": orphanDependents and deletionPropagation cannot be both set, "
            + "propagationPolicy: Unsupported value: \"Bad\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"]"));
    }

    [TestCase("""{"metadata":{"deletionTimestamp":"2026-01-02T03:04:05Z"}}""", "metadata.deletionTimestamp")]
    [TestCase("""{"metadata":{"deletionGracePeriodSeconds":5}}""", "metadata.deletionGracePeriodSeconds")]
    [TestCase("""{"metadata":{"uid":"another"}}""", "metadata.uid")]
    public async Task What_only_the_server_sets_is_immutable(string patch, string field)
    {
        await PostAsync(Maps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fixed"}}""");

        var answer = await SendAsync("PATCH", $"{Maps}/fixed", patch, Merge);

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        Assert.That((string?)answer.Body["details"]!["causes"]![0]!["field"], Is.EqualTo(field));
    }

    [Test]
    public async Task A_put_of_another_name_is_400_though_there_is_no_such_object()
    {
        var answer = await SendAsync("PUT", $"{Maps}/missing", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"other"}}""");

        Assert.That((answer.Status, (string?)answer.Body["message"]), Is.EqualTo((HttpStatusCode.BadRequest, "the name of the object (other) does not match the name on the URL (missing)")));
    }

    [Test]
    public async Task A_new_element_stands_before_the_others_after_a_strategic_merge()
    {
        await PostAsync("/api/v1/namespaces/default/podtemplates", """{"apiVersion":"v1","kind":"PodTemplate","metadata":{"name":"ordered"},"template":{"spec":{"containers":[{"name":"a","image":"a"}]}}}""");

        var answer = await SendAsync(
            "PATCH", "/api/v1/namespaces/default/podtemplates/ordered", """{"template":{"spec":{"containers":[{"name":"b","image":"b"}]}}}""", "application/strategic-merge-patch+json");

        Assert.That(answer.Body["template"]!["spec"]!["containers"]!.AsArray().Select(item => (string?)item!["name"]), Is.EqualTo(new[] { "b", "a" }));
    }

    [Test]
    public async Task A_negative_grace_period_is_stored_as_one()
    {
        var pod = await PostAsync(
            "/api/v1/namespaces/default/pods?dryRun=All", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"hasty"},"spec":{"terminationGracePeriodSeconds":-5,"containers":[{"name":"a","image":"a"}]}}""");

        Assert.That((int?)pod.Body["spec"]!["terminationGracePeriodSeconds"], Is.EqualTo(1));
    }

    [Test]
    public async Task An_annotation_of_client_side_apply_that_would_be_too_long_is_dropped()
    {
        var long200 = new string('x', 200 * 1024);
        await PostAsync(
            Maps + "?fieldManager=kubectl-client-side-apply",
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"annotated","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}}}""");

        var answer = await SendAsync(
            "PATCH", $"{Maps}/annotated?fieldManager=kubectl&force=true",
            $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"annotated"},"data":{"a":"{{{long200}}}","b":"{{{long200}}}"}}""", "application/apply-patch+yaml");

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), (string?)answer.Body["message"]);
        Assert.That(answer.Body["metadata"]!["annotations"], Is.Null);
    }

    [TestCase("/api/v1/pods?fieldSelector=spec.host=a,status.podIPs=")]
    [TestCase("/apis/events.k8s.io/v1/events?fieldSelector=regarding.name=a,reportingController=b,reason=c")]
    [TestCase("/apis/certificates.k8s.io/v1/certificatesigningrequests?fieldSelector=spec.signerName=a")]
    [TestCase("/apis/resource.k8s.io/v1/resourceslices?fieldSelector=spec.driver=a,spec.nodeName=b")]
    public async Task Field_selectors_are_those_of_upstreams_conversion_functions(string path)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
    }

    [TestCase("/apis/events.k8s.io/v1/events?fieldSelector=involvedObject.name=a")]
    [TestCase("/api/v1/events?fieldSelector=regarding.name=a")]
    public async Task Events_have_the_field_labels_of_their_own_version(string path)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task An_error_is_in_YAML_where_YAML_is_asked_for()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Maps}/missing");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/yaml"));
        using var response = await _client.SendAsync(request);

        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(
            "apiVersion: v1\ncode: 404\ndetails:\n  kind: configmaps\n  name: missing\nkind: Status\nmessage: configmaps \"missing\" not found\nmetadata: {}\nreason: NotFound\nstatus: Failure\n"));
    }

    [TestCase("text/html", HttpStatusCode.NotAcceptable)]
    [TestCase("text/html, */*;q=0.1", HttpStatusCode.OK)]
    [TestCase("application/json;q=0.1, application/vnd.kubernetes.protobuf", HttpStatusCode.OK)]
    public async Task What_is_accepted_decides_the_answer(string accept, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Maps);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await _client.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(status));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo(accept.EndsWith("protobuf", StringComparison.Ordinal) ? "application/vnd.kubernetes.protobuf" : "application/json"));
    }

    [TestCase("/readyz/ping", "ok")]
    [TestCase("/livez/etcd", "ok")]
    [TestCase("/livez?verbose", "livez check passed\n")]
    public async Task Health_is_told_check_by_check(string path, string end)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.That(await response.Content.ReadAsStringAsync(), Does.EndWith(end));
        Assert.That(response.Headers.Contains("Audit-Id"), Is.True);
    }

    [TestCase(
        "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations", "PriorityLevelConfiguration",
        """{"type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{}}}}""",
        """{"type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{"handSize":8,"queues":64,"queueLengthLimit":50}},"nominalConcurrencyShares":30,"lendablePercent":0}}""")]
    [TestCase(
        "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", "FlowSchema",
        """{"priorityLevelConfiguration":{"name":"a"}}""", """{"matchingPrecedence":1000,"priorityLevelConfiguration":{"name":"a"}}""")]
    [TestCase(
        "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims", "ResourceClaim",
        """{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"d"}}]}}""",
        """{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"d","allocationMode":"ExactCount","count":1}}]}}""")]
    public async Task Kinds_that_nothing_acts_on_have_their_defaults(string path, string kind, string spec, string stored)
    {
        var version = string.Join('/', path.Split('/')[2..4]);

        var made = await PostAsync(path + "?dryRun=All", $$"""{"apiVersion":"{{version}}","kind":"{{kind}}","metadata":{"name":"defaulted"},"spec":{{spec}}}""");

        Assert.That(made.Status, Is.EqualTo(HttpStatusCode.Created), (string?)made.Body["message"]);
        Assert.That(JsonNode.DeepEquals(made.Body["spec"], JsonNode.Parse(stored)), Is.True, made.Body["spec"]!.ToJsonString());
    }

    [Test]
    public async Task The_range_and_the_first_address_of_Services_are_there()
    {
        var range = await SendAsync("GET", "/apis/networking.k8s.io/v1/servicecidrs/kubernetes");
        var address = await SendAsync("GET", "/apis/networking.k8s.io/v1/ipaddresses/10.96.0.1");

        Assert.That((string?)range.Body["spec"]!["cidrs"]![0], Is.EqualTo("10.96.0.0/16"));
        Assert.That((string?)address.Body["spec"]!["parentRef"]!["name"], Is.EqualTo("kubernetes"));
    }

    private Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(string path, string body) => SendAsync("POST", path, body);

    private async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(string method, string path, string? body = null, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        }
        using var response = await _client.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }
}
