using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>What Kubernetes' conformance tests expect of API machinery, beside custom resources and watches (docs/conformance.md says which test of theirs is held by which of ours).</summary>
public sealed class ApiMachineryTests
{
    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _api = await CustomCluster.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    private static IEnumerable<TestCaseData> Kinds()
    {
        yield return Kind("flowcontrol.apiserver.k8s.io", "flowschemas", "FlowSchema", """{"matchingPrecedence":10000,"priorityLevelConfiguration":{"name":"global-default"}}""", hasStatus: true);
        yield return Kind("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "PriorityLevelConfiguration", """{"type":"Limited","limited":{"nominalConcurrencyShares":2,"limitResponse":{"type":"Reject"}}}""", hasStatus: true);
        yield return Kind("admissionregistration.k8s.io", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", """{"validations":[{"expression":"true"}],"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}]}}""", hasStatus: true);
        yield return Kind("admissionregistration.k8s.io", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", """{"policyName":"p","validationActions":["Deny"]}""", hasStatus: false);
        yield return Kind("certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest", "{\"request\":\"" + AuthorizationTests.Request() + "\",\"signerName\":\"example.com/e2e\",\"usages\":[\"client auth\"]}", hasStatus: true);

        static TestCaseData Kind(string group, string resource, string kind, string spec, bool hasStatus) =>
            new TestCaseData(group, resource, kind, spec, hasStatus).SetArgDisplayNames(kind);
    }

    [TestCaseSource(nameof(Kinds))]
    public async Task A_kind_supports_every_operation_of_its_api(string group, string resource, string kind, string spec, bool hasStatus)
    {
        Assert.That((await _api.GetAsync("/apis")).Body!["groups"]!.AsArray().Select(one => (string?)one!["name"]), Does.Contain(group));
        Assert.That((await _api.GetAsync($"/apis/{group}")).Body!["versions"]!.AsArray().Select(one => (string?)one!["version"]), Does.Contain("v1"));
        var resources = (await _api.GetAsync($"/apis/{group}/v1")).Body!["resources"]!.AsArray().Select(one => (string?)one!["name"]).ToList();
        Assert.That(resources, Does.Contain(resource));
        Assert.That(resources.Contains($"{resource}/status"), Is.EqualTo(hasStatus));

        var path = $"/apis/{group}/v1/{resource}";
        JsonObject Named(string name) => (JsonObject)JsonNode.Parse($$$"""{"apiVersion":"{{{group}}}/v1","kind":"{{{kind}}}","metadata":{"name":"{{{name}}}","labels":{"conformance":"{{{kind}}}"}},"spec":{{{spec}}} }""")!;
        var start = (string)(await _api.GetAsync(path)).Body!["metadata"]!["resourceVersion"]!;
        for (var i = 1; i <= 3; i++)
        {
            var created = await _api.PostAsync(path, Named($"conformance-{i}"));
            Assert.That(created.Code, Is.EqualTo(201), created.ToString());
            Assert.That(created.Warnings, Is.EqualTo(group switch
            {
                "admissionregistration.k8s.io" => ["stored and not acted on: the simulated cluster evaluates no CEL"],
                "flowcontrol.apiserver.k8s.io" => ["stored and not acted on: the simulated cluster's API server queues no requests"],
                _ => (string[])[],
            }));
        }
        Assert.That((string?)(await _api.GetAsync($"{path}/conformance-1")).Body!["metadata"]!["name"], Is.EqualTo("conformance-1"));
        Assert.That((await _api.GetAsync($"{path}?labelSelector=conformance%3D{kind}")).Body!["items"]!.AsArray(), Has.Count.EqualTo(3));

        Assert.That((await _api.MergeAsync($"{path}/conformance-1", """{"metadata":{"annotations":{"patched":"true"}}}""")).Body!["metadata"]!["annotations"]!["patched"], Is.Not.Null);
        var live = (await _api.GetAsync($"{path}/conformance-1")).Body!;
        live["metadata"]!["annotations"]!["updated"] = "true";
        var updated = await _api.PutAsync($"{path}/conformance-1", live);
        Assert.That((string?)updated.Body?["metadata"]?["annotations"]?["updated"], Is.EqualTo("true"), updated.ToString());
        if (hasStatus)
        {
            Assert.That((await _api.GetAsync($"{path}/conformance-1/status")).Code, Is.EqualTo(200));
            var patched = await _api.MergeAsync($"{path}/conformance-1/status", """{"metadata":{"annotations":{"patchedstatus":"true"}}}""");
            Assert.That(patched.Code, Is.EqualTo(200), patched.ToString());
        }

        Assert.That((await _api.DeleteAsync($"{path}/conformance-1")).Code, Is.EqualTo(200));
        Assert.That((await _api.GetAsync($"{path}/conformance-1")).Code, Is.EqualTo(404));
        Assert.That((await _api.DeleteAsync($"{path}?labelSelector=conformance%3D{kind}")).Code, Is.EqualTo(200));
        Assert.That((await _api.GetAsync($"{path}?labelSelector=conformance%3D{kind}")).Body!["items"]!.AsArray(), Is.Empty);

        var events = await EventsAsync($"{path}?watch=true&timeoutSeconds=1&resourceVersion={start}&labelSelector=conformance%3D{kind}");
        Assert.That(events.Count(one => one.StartsWith("ADDED", StringComparison.Ordinal)), Is.EqualTo(3));
        Assert.That(events, Does.Contain("MODIFIED conformance-1"));
        Assert.That(events.Count(one => one.StartsWith("DELETED", StringComparison.Ordinal)), Is.EqualTo(3));
    }

    [TestCase("validatingwebhookconfigurations", "ValidatingWebhookConfiguration")]
    [TestCase("mutatingwebhookconfigurations", "MutatingWebhookConfiguration")]
    public async Task Webhook_configurations_keep_their_match_conditions_and_say_that_nothing_calls_them(string resource, string kind)
    {
        var path = $"/apis/admissionregistration.k8s.io/v1/{resource}";
        var body = JsonNode.Parse($$$"""
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"{{{kind}}}","metadata":{"name":"hook"},"webhooks":[{"name":"a.example.com","sideEffects":"None","admissionReviewVersions":["v1"],
             "clientConfig":{"url":"https://example.com"},"matchConditions":[{"name":"expression-1","expression":"object.metadata.namespace == 'production'"}]}]}
            """)!;

        var created = await _api.PostAsync(path, body);
        Assert.That(created.Code, Is.EqualTo(201), created.ToString());
        Assert.That(created.Warnings, Is.EqualTo(new[] { "stored and not acted on: the simulated cluster calls no admission webhooks" }));
        created.Body!["webhooks"]![0]!["matchConditions"]!.AsArray().Add(JsonNode.Parse("""{"name":"expression-2","expression":"true"}"""));
        Assert.That((await _api.PutAsync($"{path}/hook", created.Body)).Code, Is.EqualTo(200));
        Assert.That((await _api.GetAsync($"{path}/hook")).Body!["webhooks"]![0]!["matchConditions"]!.AsArray(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Every_group_prefers_a_version_it_has_and_every_version_has_resources()
    {
        foreach (var group in (await _api.GetAsync("/apis")).Body!["groups"]!.AsArray())
        {
            var preferred = (string)group!["preferredVersion"]!["groupVersion"]!;
            Assert.That(group["versions"]!.AsArray().Select(version => (string?)version!["groupVersion"]), Does.Contain(preferred));
            Assert.That((string?)(await _api.GetAsync($"/apis/{group["name"]}")).Body!["preferredVersion"]!["groupVersion"], Is.EqualTo(preferred));
            foreach (var version in group["versions"]!.AsArray())
            {
                var list = (await _api.GetAsync($"/apis/{version!["groupVersion"]}")).Body!;
                Assert.That((string?)list["groupVersion"], Is.EqualTo((string?)version["groupVersion"]));
                Assert.That(list["resources"]!.AsArray(), Is.Not.Empty);
            }
        }
    }

    [Test]
    public async Task Aggregated_discovery_is_answered_to_those_who_accept_it()
    {
        const string aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        foreach (var path in (string[])["/api", "/apis"])
        {
            var told = await _api.GetAsync(path, aggregated + ",application/json");
            Assert.That((string?)told.Body!["kind"], Is.EqualTo("APIGroupDiscoveryList"));
            Assert.That(told.Body["items"]!.AsArray(), Is.Not.Empty);
        }
        Assert.That((string?)(await _api.GetAsync("/apis")).Body!["kind"], Is.EqualTo("APIGroupList"));
        var apps = (await _api.GetAsync("/apis", aggregated)).Body!["items"]!.AsArray().Single(group => (string?)group!["metadata"]!["name"] == "apps")!;
        Assert.That(apps["versions"]![0]!["resources"]!.AsArray().Select(resource => (string?)resource!["resource"]), Is.SupersetOf(new[] { "deployments", "daemonsets", "statefulsets", "replicasets" }));
    }

    [Test]
    public async Task The_version_is_told_in_whole_numbers()
    {
        var version = (await _api.GetAsync("/version")).Body!;

        Assert.That((string?)version["major"], Does.Match("^[0-9]+$"));
        Assert.That((string?)version["minor"], Does.Match("^[0-9]+$"));
    }

    [Test]
    public async Task A_list_comes_in_chunks_of_one_version_with_what_remains_told()
    {
        const string path = "/api/v1/namespaces/default/podtemplates";
        for (var i = 0; i < 40; i++)
            Assert.That((await _api.PostAsync(path, Template($"template-{i:0000}"))).Code, Is.EqualTo(201));

        var seen = new List<string>();
        string? version = null, next = null;
        do
        {
            var page = (await _api.GetAsync($"{path}?limit=7{(next is null ? "" : "&continue=" + Uri.EscapeDataString(next))}")).Body!;
            version ??= (string?)page["metadata"]!["resourceVersion"];
            Assert.That((string?)page["metadata"]!["resourceVersion"], Is.EqualTo(version));
            seen.AddRange(page["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!));
            next = (string?)page["metadata"]!["continue"];
            Assert.That((int?)page["metadata"]!["remainingItemCount"] ?? 0, Is.EqualTo(40 - seen.Count));
            // What is made meanwhile is not part of the list.
            await _api.PostAsync("/api/v1/namespaces/default/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"between-"}}""");
        }
        while (next is not null);
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 40).Select(i => $"template-{i:0000}")));
        Assert.That((await _api.GetAsync(path)).Body!["items"]!.AsArray(), Has.Count.EqualTo(40));
        await _api.DeleteAsync(path);
    }

    [Test]
    public async Task A_continue_token_that_is_too_old_comes_with_one_that_goes_on_inconsistently()
    {
        const string path = "/api/v1/namespaces/kube-system/podtemplates";
        for (var i = 0; i < 6; i++)
            await _api.PostAsync(path, Template($"old-{i}"));
        var first = (await _api.GetAsync($"{path}?limit=2")).Body!;
        var token = Uri.EscapeDataString((string)first["metadata"]!["continue"]!);
        // Only so many lists are kept.
        for (var i = 0; i < 70; i++)
        {
            await _api.PostAsync("/api/v1/namespaces/default/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"push-"}}""");
            await _api.GetAsync("/api/v1/namespaces/default/configmaps?limit=1");
        }
        await _api.PostAsync(path, Template("old-9"));

        var expired = await _api.GetAsync($"{path}?limit=2&continue={token}");
        Assert.That(expired.Code, Is.EqualTo(410), expired.ToString());
        var inconsistent = Uri.EscapeDataString((string)expired.Body!["metadata"]!["continue"]!);
        var second = (await _api.GetAsync($"{path}?limit=2&continue={inconsistent}")).Body!;
        Assert.That(second["items"]!.AsArray().Select(item => (string?)item!["metadata"]!["name"]), Is.EqualTo(new[] { "old-2", "old-3" }));
        Assert.That((int?)second["metadata"]!["remainingItemCount"], Is.EqualTo(3));
        var rest = (await _api.GetAsync($"{path}?continue={Uri.EscapeDataString((string)second["metadata"]!["continue"]!)}")).Body!;
        Assert.That(rest["items"]!.AsArray().Select(item => (string?)item!["metadata"]!["name"]), Is.EqualTo(new[] { "old-4", "old-5", "old-9" }));
    }

    [Test]
    public async Task A_table_of_what_is_not_stored_is_406()
    {
        var answer = await _api.SendAsync(
            "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}}""",
            accept: "application/json;as=Table;v=v1;g=meta.k8s.io");

        Assert.That(answer.Code, Is.EqualTo(406), answer.ToString());
        Assert.That((string?)answer.Body!["reason"], Is.EqualTo("NotAcceptable"));
    }

    [Test]
    public async Task A_namespace_is_patched_updated_finalized_and_its_status_written()
    {
        const string path = "/api/v1/namespaces/conforming";
        Assert.That((await _api.PostAsync("/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"conforming"}}""")).Code, Is.EqualTo(201));
        Assert.That((string?)(await _api.MergeAsync(path, """{"metadata":{"labels":{"testLabel":"testValue"}}}""")).Body!["metadata"]!["labels"]!["testLabel"], Is.EqualTo("testValue"));

        Assert.That((string?)(await _api.GetAsync(path + "/status")).Body!["status"]!["phase"], Is.EqualTo("Active"));
        var patched = (await _api.MergeAsync(path + "/status", """{"metadata":{"annotations":{"e":"p"}},"status":{"conditions":[{"type":"StatusPatch","status":"True","reason":"E2E","message":"Patched"}]}}""")).Body!;
        Assert.That((string?)patched["status"]!["conditions"]![0]!["message"], Is.EqualTo("Patched"));
        patched["status"]!["conditions"]!.AsArray().Add(JsonNode.Parse("""{"type":"StatusUpdate","status":"True","reason":"E2E","message":"Updated","lastTransitionTime":"2026-01-01T00:00:00Z"}"""));
        var updated = await _api.PutAsync(path + "/status", patched);
        Assert.That(updated.Body!["status"]!["conditions"]!.AsArray(), Has.Count.EqualTo(2), updated.ToString());

        var labelled = (await _api.GetAsync(path)).Body!;
        labelled["metadata"]!["labels"]!["updated"] = "yes";
        Assert.That((await _api.PutAsync(path, labelled)).Code, Is.EqualTo(200));

        var finalized = (await _api.GetAsync(path)).Body!;
        finalized["spec"]!["finalizers"]!.AsArray().Add("e2e.example.com/fakeFinalizer");
        Assert.That((await _api.PutAsync(path + "/finalize", finalized)).Body!["spec"]!["finalizers"]!.ToJsonString(), Is.EqualTo("""["kubernetes","e2e.example.com/fakeFinalizer"]"""));
        var freed = (await _api.GetAsync(path)).Body!;
        freed["spec"]!["finalizers"] = new JsonArray("kubernetes");
        Assert.That((await _api.PutAsync(path + "/finalize", freed)).Body!["spec"]!["finalizers"]!.ToJsonString(), Is.EqualTo("""["kubernetes"]"""));
    }

    [Test]
    public async Task A_deleted_namespace_takes_its_pods_and_services()
    {
        await _api.PostAsync("/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"doomed"}}""");
        await _api.UntilAsync("/api/v1/namespaces/doomed/serviceaccounts/default", answer => answer.Code == 200);
        Assert.That((await _api.PostAsync("/api/v1/namespaces/doomed/pods", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"pause"}]}}""")).Code, Is.EqualTo(201));
        Assert.That((await _api.PostAsync("/api/v1/namespaces/doomed/services", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}}""")).Code, Is.EqualTo(201));

        Assert.That((string?)(await _api.DeleteAsync("/api/v1/namespaces/doomed")).Body!["status"]!["phase"], Is.EqualTo("Terminating"));
        await _api.UntilAsync("/api/v1/namespaces/doomed", answer => answer.Code == 404);
        await _api.PostAsync("/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"doomed"}}""");
        Assert.That((await _api.GetAsync("/api/v1/namespaces/doomed/pods")).Body!["items"]!.AsArray(), Is.Empty);
        Assert.That((await _api.GetAsync("/api/v1/namespaces/doomed/services")).Body!["items"]!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task Pods_that_own_each_other_in_a_circle_all_go()
    {
        const string pods = "/api/v1/namespaces/default/pods";
        await _api.UntilAsync("/api/v1/namespaces/default/serviceaccounts/default", answer => answer.Code == 200);
        var uids = new List<string>();
        for (var i = 1; i <= 3; i++)
            uids.Add((string)(await _api.PostAsync(pods, $$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"circle-{{{i}}}"},"spec":{"containers":[{"name":"c","image":"pause"}]} }""")).Body!["metadata"]!["uid"]!);
        for (var i = 1; i <= 3; i++)
        {
            var owner = i == 1 ? 3 : i - 1;
            Assert.That((await _api.MergeAsync($"{pods}/circle-{i}", $$$"""{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"circle-{{{owner}}}","uid":"{{{uids[owner - 1]}}}","controller":true,"blockOwnerDeletion":true}]} }""")).Code, Is.EqualTo(200));
        }

        await _api.SendAsync("DELETE", $"{pods}/circle-1", """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground"}""");

        for (var i = 1; i <= 3; i++)
            await _api.UntilAsync($"{pods}/circle-{i}", answer => answer.Code == 404);
    }

    [Test]
    public async Task A_dependent_with_another_owner_stays_when_one_waits_for_its_dependents()
    {
        const string maps = "/api/v1/namespaces/default/configmaps";
        async Task<string> Map(string name, string owners = "") => (string)(await _api.PostAsync(maps, $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","ownerReferences":[{{{owners}}}]} }""")).Body!["metadata"]!["uid"]!;
        string Owner(string name, string uid) => $$$"""{"apiVersion":"v1","kind":"ConfigMap","name":"{{{name}}}","uid":"{{{uid}}}","blockOwnerDeletion":true}""";
        var leaving = await Map("leaving");
        var staying = await Map("staying");
        await Map("both", $"{Owner("leaving", leaving)},{Owner("staying", staying)}");
        await Map("alone", Owner("leaving", leaving));

        await _api.SendAsync("DELETE", $"{maps}/leaving", """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground"}""");

        await _api.UntilAsync($"{maps}/leaving", answer => answer.Code == 404);
        await _api.UntilAsync($"{maps}/alone", answer => answer.Code == 404);
        var both = await _api.UntilAsync($"{maps}/both", answer => answer.Body?["metadata"]?["ownerReferences"] is JsonArray { Count: 1 });
        Assert.That(both.Body!["metadata"]!["deletionTimestamp"], Is.Null);
    }

    private async Task<List<string>> EventsAsync(string path)
    {
        var told = await _api.Client.GetStringAsync(new Uri(path, UriKind.Relative));
        return [.. told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).Select(one => $"{one["type"]} {one["object"]!["metadata"]!["name"]}")];
    }

    private static string Template(string name) =>
        $$$"""{"apiVersion":"v1","kind":"PodTemplate","metadata":{"name":"{{{name}}}"},"template":{"spec":{"containers":[{"name":"test","image":"test2"}]} } }""";
}
