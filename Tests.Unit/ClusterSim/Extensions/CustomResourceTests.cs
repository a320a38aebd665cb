using System.Text.Json.Nodes;

namespace ClusterSim.Tests.Extensions;

/// <summary>CustomResourceDefinitions acted on: what they define is served as any built-in resource.</summary>
public sealed class CustomResourceTests
{
    private const string Group = "stable.example.com";
    private const string Tabs = $"/apis/{Group}/v1/namespaces/default/crontabs";

    private const string TabSchema = """
        {"type":"object","required":["spec"],"properties":{
          "spec":{"type":"object","required":["cronSpec"],"properties":{
            "cronSpec":{"type":"string","pattern":"^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$"},
            "image":{"type":"string","default":"busybox"},
            "replicas":{"type":"integer","minimum":0,"maximum":10,"default":1},
            "mode":{"type":"string","enum":["fast","slow"]},
            "port":{"x-kubernetes-int-or-string":true},
            "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
            "labels":{"type":"object","additionalProperties":{"type":"string","maxLength":5}},
            "steps":{"type":"array","maxItems":3,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
              "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"run":{"type":"string"},"times":{"type":"integer","default":1}}}},
            "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
            "note":{"type":"string","nullable":true},
            "address":{"type":"string","format":"ipv4"},
            "template":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}},
          "status":{"type":"object","properties":{"replicas":{"type":"integer"},"labelSelector":{"type":"string"},"phase":{"type":"string"}}}}}
        """;

    private const string TabMore = """
        ,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.labelSelector"}},
        "selectableFields":[{"jsonPath":".spec.mode"}],
        "additionalPrinterColumns":[{"name":"Spec","type":"string","jsonPath":".spec.cronSpec"},{"name":"Replicas","type":"integer","jsonPath":".spec.replicas","priority":1},
          {"name":"First","type":"string","jsonPath":".spec.steps[?(@.name==\"a\")].run"},{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}]
        """;

    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _api = await CustomCluster.StartAsync();
        await _api.EstablishAsync(CustomCluster.Definition(Group, "crontabs", TabSchema, TabMore, names: ",\"shortNames\":[\"ct\"],\"categories\":[\"all\",\"jobs\"]"));
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [Test]
    public async Task A_definition_is_established_with_accepted_names_and_stored_versions()
    {
        var definition = (await _api.GetAsync($"{CustomCluster.Definitions}/crontabs.{Group}")).Body!;

        Assert.That(CustomCluster.ConditionOf(definition, "NamesAccepted"), Is.EqualTo("True"));
        Assert.That(JsonNode.DeepEquals(definition["status"]!["acceptedNames"], JsonNode.Parse(
            """{"plural":"crontabs","kind":"Crontab","singular":"crontab","shortNames":["ct"],"listKind":"CrontabList","categories":["all","jobs"]}""")));
        Assert.That(definition["status"]!["storedVersions"]!.ToJsonString(), Is.EqualTo("""["v1"]"""));
        Assert.That((string?)definition["spec"]!["conversion"]!["strategy"], Is.EqualTo("None"));
        Assert.That((int?)definition["metadata"]!["generation"], Is.EqualTo(1));
    }

    [Test]
    public async Task Discovery_tells_of_the_resource_in_both_forms()
    {
        var resources = (await _api.GetAsync($"/apis/{Group}/v1")).Body!["resources"]!.AsArray();
        Assert.That(resources.Select(resource => (string?)resource!["name"]), Is.EqualTo(new[] { "crontabs", "crontabs/scale", "crontabs/status" }));
        Assert.That(resources[0]!["shortNames"]!.ToJsonString(), Is.EqualTo("""["ct"]"""));
        Assert.That(resources[0]!["categories"]!.ToJsonString(), Is.EqualTo("""["all","jobs"]"""));
        Assert.That((string?)resources[1]!["group"], Is.EqualTo("autoscaling"));

        var aggregated = await _api.GetAsync("/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
        var group = aggregated.Body!["items"]!.AsArray().Single(item => (string?)item!["metadata"]!["name"] == Group)!;
        Assert.That((string?)group["versions"]![0]!["resources"]![0]!["resource"], Is.EqualTo("crontabs"));
        Assert.That(group["versions"]![0]!["resources"]![0]!["subresources"]!.AsArray(), Has.Count.EqualTo(2));

        Assert.That((await _api.GetAsync("/apis")).Body!["groups"]!.AsArray().Select(one => (string?)one!["name"]), Does.Contain(Group));
        Assert.That((string?)(await _api.GetAsync($"/apis/{Group}")).Body!["preferredVersion"]!["version"], Is.EqualTo("v1"));
    }

    [Test]
    public async Task Creating_fills_in_defaults_and_drops_unknown_fields_with_a_warning()
    {
        var created = await _api.PostAsync(Tabs, Tab("defaults", """
            "cronSpec":"* * * * */5","unknown":1,"steps":[{"name":"a","other":2}],"free":{"kept":{"x":[1]}},"port":"http","note":null,"mode":null
            """));

        Assert.That(created.Code, Is.EqualTo(201), created.ToString());
        Assert.That(created.Warnings, Is.EqualTo(new[] { "unknown field \"spec.steps[0].other\"", "unknown field \"spec.unknown\"" }));
        Assert.That(created.Body!["spec"]!.ToJsonString(), Is.EqualTo(
            """{"cronSpec":"* * * * */5","steps":[{"name":"a","times":1}],"free":{"kept":{"x":[1]}},"port":"http","note":null,"image":"busybox","replicas":1}"""));
        Assert.That((int?)created.Body["metadata"]!["generation"], Is.EqualTo(1));
        Assert.That((string?)created.Body["apiVersion"], Is.EqualTo($"{Group}/v1"));
    }

    [TestCase("""{"cronSpec":5}""", """Crontab.stable.example.com "x" is invalid: spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer" """)]
    [TestCase("{}", """Crontab.stable.example.com "x" is invalid: spec.cronSpec: Required value""")]
    [TestCase("""{"cronSpec":"a"}""", """Crontab.stable.example.com "x" is invalid: spec.cronSpec: Invalid value: "a": spec.cronSpec in body should match '^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$' """)]
    [TestCase("""{"cronSpec":"* * * * *","replicas":11}""", """Crontab.stable.example.com "x" is invalid: spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10""")]
    [TestCase("""{"cronSpec":"* * * * *","mode":"odd"}""", """Crontab.stable.example.com "x" is invalid: spec.mode: Unsupported value: "odd": supported values: "fast", "slow" """)]
    [TestCase("""{"cronSpec":"* * * * *","port":true}""", """Crontab.stable.example.com "x" is invalid: spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean" """)]
    [TestCase("""{"cronSpec":"* * * * *","labels":{"a":"123456"}}""", """Crontab.stable.example.com "x" is invalid: spec.labels.a: Too long: may not be more than 5 bytes""")]
    [TestCase("""{"cronSpec":"* * * * *","steps":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]}""", """Crontab.stable.example.com "x" is invalid: spec.steps: Too many: 4: must have at most 3 items""")]
    [TestCase("""{"cronSpec":"* * * * *","steps":[{"name":"a"},{"name":"a"}]}""", """Crontab.stable.example.com "x" is invalid: spec.steps[1]: Duplicate value: {"name":"a"}""")]
    [TestCase("""{"cronSpec":"* * * * *","steps":[{}]}""", """Crontab.stable.example.com "x" is invalid: spec.steps[0].name: Required value""")]
    [TestCase("""{"cronSpec":"* * * * *","tags":["a","b","a"]}""", """Crontab.stable.example.com "x" is invalid: spec.tags[2]: Duplicate value: "a" """)]
    [TestCase("""{"cronSpec":"* * * * *","address":"nowhere"}""", """Crontab.stable.example.com "x" is invalid: spec.address: Invalid value: "nowhere": spec.address in body must be of type ipv4: "nowhere" """)]
    [TestCase("""{"cronSpec":"* * * * *","template":{"kind":"Pod"}}""", """Crontab.stable.example.com "x" is invalid: spec.template.apiVersion: Required value""")]
    public async Task What_breaks_the_schema_is_refused_in_Kubernetes_words(string spec, string message)
    {
        var refused = await _api.PostAsync(Tabs, $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"Crontab","metadata":{"name":"x"},"spec":{{{spec}}}}""");

        Assert.That(refused.Code, Is.EqualTo(422), refused.ToString());
        Assert.That(refused.Message, Is.EqualTo(message.Trim()));
        Assert.That(refused.Body!["details"]!["causes"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Strict_validation_refuses_unknown_and_repeated_fields()
    {
        var body = $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"Crontab","metadata":{"name":"strict","odd":1},"spec":{"cronSpec":"* * * * *","cronSpec":"* * * * */2","unknown":1}}""";

        var strict = await _api.PostAsync(Tabs + "?fieldValidation=Strict", body);
        var warned = await _api.PostAsync(Tabs + "?dryRun=All", body);
        var ignored = await _api.PostAsync(Tabs + "?fieldValidation=Ignore&dryRun=All", body);

        Assert.That(strict.Code, Is.EqualTo(400));
        Assert.That(strict.Message, Is.EqualTo(
            "Crontab in version \"v1\" cannot be handled as a Crontab: strict decoding error: unknown field \"metadata.odd\", duplicate field \"spec.cronSpec\", unknown field \"spec.unknown\""));
        Assert.That(warned.Code, Is.EqualTo(201));
        Assert.That(warned.Warnings, Is.EqualTo(new[] { "unknown field \"metadata.odd\"", "duplicate field \"spec.cronSpec\"", "unknown field \"spec.unknown\"" }));
        Assert.That(ignored.Warnings, Is.Empty);
        Assert.That((string?)ignored.Body!["spec"]!["cronSpec"], Is.EqualTo("* * * * */2"));
    }

    [Test]
    public async Task The_status_subresource_writes_status_only_and_generation_counts_the_rest()
    {
        var created = (await _api.PostAsync(Tabs, Tab("status", "\"cronSpec\":\"* * * * *\"", ",\"status\":{\"phase\":\"given\"}"))).Body!;
        Assert.That(created["status"], Is.Null, "a creator sets no status");

        var changed = created.DeepClone();
        changed["status"] = new JsonObject { ["phase"] = "Ready" };
        changed["spec"]!["replicas"] = 5;
        changed["metadata"]!["labels"] = new JsonObject { ["a"] = "b" };
        var status = await _api.PutAsync($"{Tabs}/status/status", changed);
        Assert.That(status.Code, Is.EqualTo(200), status.ToString());
        Assert.That((string?)status.Body!["status"]!["phase"], Is.EqualTo("Ready"));
        Assert.That((int?)status.Body["spec"]!["replicas"], Is.EqualTo(1));
        Assert.That(status.Body["metadata"]!["labels"], Is.Null);
        Assert.That((int?)status.Body["metadata"]!["generation"], Is.EqualTo(1));

        var spec = await _api.MergeAsync($"{Tabs}/status", """{"spec":{"replicas":2},"status":{"phase":"ignored"}}""");
        Assert.That((string?)spec.Body!["status"]!["phase"], Is.EqualTo("Ready"));
        Assert.That((int?)spec.Body["metadata"]!["generation"], Is.EqualTo(2));
        var labelled = await _api.MergeAsync($"{Tabs}/status", """{"metadata":{"labels":{"a":"b"}}}""");
        Assert.That((int?)labelled.Body!["metadata"]!["generation"], Is.EqualTo(2));

        var wrong = await _api.MergeAsync($"{Tabs}/status/status", """{"status":{"phase":5}}""");
        Assert.That(wrong.Message, Is.EqualTo("Crontab.stable.example.com \"status\" is invalid: status.phase: Invalid value: \"integer\": phase in body must be of type string: \"integer\""));
    }

    [Test]
    public async Task The_scale_subresource_reads_and_writes_where_the_definition_says()
    {
        await _api.PostAsync(Tabs, Tab("scaled", "\"cronSpec\":\"* * * * *\",\"replicas\":3"));
        await _api.MergeAsync($"{Tabs}/scaled/status", """{"status":{"replicas":2,"labelSelector":"app=x"}}""");

        var scale = await _api.GetAsync($"{Tabs}/scaled/scale");
        Assert.That(scale.Body!["spec"]!.ToJsonString(), Is.EqualTo("""{"replicas":3}"""));
        Assert.That(scale.Body["status"]!.ToJsonString(), Is.EqualTo("""{"replicas":2,"selector":"app=x"}"""));
        Assert.That((string?)scale.Body["apiVersion"], Is.EqualTo("autoscaling/v1"));

        var patched = await _api.MergeAsync($"{Tabs}/scaled/scale", """{"spec":{"replicas":7}}""");
        Assert.That((int?)patched.Body!["spec"]!["replicas"], Is.EqualTo(7), patched.ToString());
        scale.Body["spec"]!["replicas"] = 4;
        scale.Body["metadata"]!.AsObject().Remove("resourceVersion");
        Assert.That((await _api.PutAsync($"{Tabs}/scaled/scale", scale.Body)).Code, Is.EqualTo(200));
        var after = (await _api.GetAsync($"{Tabs}/scaled")).Body!;
        Assert.That((int?)after["spec"]!["replicas"], Is.EqualTo(4));
        Assert.That((int?)after["metadata"]!["generation"], Is.EqualTo(3));
        Assert.That((await _api.MergeAsync($"{Tabs}/scaled/scale", """{"spec":{"replicas":11}}""")).Code, Is.EqualTo(422), "the schema's maximum holds for scale too");
    }

    [Test]
    public async Task A_table_has_the_columns_of_the_definition()
    {
        await _api.PostAsync(Tabs, Tab("columns", "\"cronSpec\":\"* * * * *\",\"replicas\":3,\"steps\":[{\"name\":\"b\",\"run\":\"no\"},{\"name\":\"a\",\"run\":\"yes\"}]"));

        var table = (await _api.GetAsync($"{Tabs}/columns", "application/json;as=Table;v=v1;g=meta.k8s.io")).Body!;

        Assert.That(table["columnDefinitions"]!.AsArray().Select(column => $"{column!["name"]}/{column["type"]}/{column["priority"]}"),
            Is.EqualTo(new[] { "Name/string/0", "Spec/string/0", "Replicas/integer/1", "First/string/0", "Age/date/0" }));
        Assert.That((string?)table["columnDefinitions"]![1]!["description"], Is.EqualTo("Custom resource definition column (in JSONPath format): .spec.cronSpec"));
        var cells = table["rows"]![0]!["cells"]!.AsArray();
        Assert.That(cells.Take(4).Select(cell => cell!.ToJsonString()), Is.EqualTo(new[] { "\"columns\"", "\"* * * * *\"", "3", "\"yes\"" }));
        Assert.That((string?)cells[4], Does.Match("^[0-9]+s$"));
    }

    [Test]
    public async Task Patches_are_JSON_merge_and_apply_but_not_strategic()
    {
        await _api.PostAsync(Tabs, Tab("patched", "\"cronSpec\":\"* * * * *\",\"tags\":[\"a\"]"));

        var json = await _api.SendAsync("PATCH", $"{Tabs}/patched", """[{"op":"add","path":"/spec/tags/-","value":"b"}]""", "application/json-patch+json");
        var merge = await _api.MergeAsync($"{Tabs}/patched", """{"spec":{"tags":["c"],"unknown":1}}""");
        var strategic = await _api.SendAsync("PATCH", $"{Tabs}/patched", "{}", "application/strategic-merge-patch+json");

        Assert.That(json.Body!["spec"]!["tags"]!.ToJsonString(), Is.EqualTo("""["a","b"]"""));
        Assert.That(merge.Body!["spec"]!["tags"]!.ToJsonString(), Is.EqualTo("""["c"]"""));
        Assert.That(merge.Warnings, Is.EqualTo(new[] { "unknown field \"spec.unknown\"" }));
        Assert.That(strategic.Code, Is.EqualTo(415));
        Assert.That(strategic.Message, Does.Contain("accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"));
    }

    [Test]
    public async Task Apply_merges_by_the_list_types_of_the_schema()
    {
        const string head = $"apiVersion: {Group}/v1\nkind: Crontab\nmetadata: {{name: applied}}\nspec:\n  cronSpec: '* * * * *'\n";
        var first = await _api.ApplyAsync($"{Tabs}/applied", head + "  steps: [{name: a, run: one}]\n  tags: [x]\n", "one");
        Assert.That(first.Code, Is.EqualTo(201), first.ToString());

        var second = await _api.ApplyAsync($"{Tabs}/applied", head + "  steps: [{name: b, run: two}]\n  tags: [z]\n", "two");
        Assert.That(second.Code, Is.EqualTo(200), second.ToString());
        Assert.That(second.Body!["spec"]!["steps"]!.AsArray().Select(step => (string?)step!["name"]), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(second.Body["spec"]!["tags"]!.ToJsonString(), Is.EqualTo("""["x","z"]"""));

        var conflict = await _api.ApplyAsync($"{Tabs}/applied", head + "  steps: [{name: a, run: other}]\n", "two");
        Assert.That(conflict.Code, Is.EqualTo(409));
        Assert.That(conflict.Message, Is.EqualTo("Apply failed with 1 conflict: conflict with \"one\": .spec.steps[name=\"a\"].run"));
        var gone = await _api.ApplyAsync($"{Tabs}/applied", head + "  tags: [z]\n", "two");
        Assert.That(gone.Body!["spec"]!["steps"]!.AsArray().Select(step => (string?)step!["name"]), Is.EqualTo(new[] { "a" }), "what its applier no longer says is gone");

        var undeclared = await _api.ApplyAsync($"{Tabs}/applied", head + "  nothing: 1\n", "two");
        Assert.That(undeclared.Message, Does.Contain(".spec.nothing: field not declared in schema"));
    }

    [Test]
    public async Task Lists_have_their_kind_and_their_selectors()
    {
        await _api.PostAsync(Tabs, Tab("select-1", "\"cronSpec\":\"* * * * *\",\"mode\":\"fast\"", labels: "{\"set\":\"select\"}"));
        await _api.PostAsync(Tabs, Tab("select-2", "\"cronSpec\":\"* * * * *\",\"mode\":\"slow\"", labels: "{\"set\":\"select\"}"));

        var list = (await _api.GetAsync($"{Tabs}?labelSelector=set%3Dselect")).Body!;
        Assert.That((string?)list["kind"], Is.EqualTo("CrontabList"));
        Assert.That(list["items"]!.AsArray(), Has.Count.EqualTo(2));
        var fast = (await _api.GetAsync($"{Tabs}?labelSelector=set%3Dselect&fieldSelector=spec.mode%3Dfast")).Body!;
        Assert.That(fast["items"]!.AsArray().Select(item => (string?)item!["metadata"]!["name"]), Is.EqualTo(new[] { "select-1" }));
        Assert.That((await _api.GetAsync($"{Tabs}?fieldSelector=spec.image%3Dx")).Code, Is.EqualTo(400));
        Assert.That((await _api.GetAsync($"/apis/{Group}/v1/crontabs?limit=1")).Body!["metadata"]!["continue"], Is.Not.Null);
        Assert.That((await _api.GetAsync($"/apis/{Group}/v1/namespaces/other/crontabs")).Body!["items"]!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task An_update_needs_the_version_it_saw()
    {
        var created = (await _api.PostAsync(Tabs, Tab("locked", "\"cronSpec\":\"* * * * *\""))).Body!;
        await _api.MergeAsync($"{Tabs}/locked", """{"metadata":{"labels":{"a":"b"}}}""");

        Assert.That((await _api.PutAsync($"{Tabs}/locked", created)).Code, Is.EqualTo(409));
        created["metadata"]!.AsObject().Remove("resourceVersion");
        var refused = await _api.PutAsync($"{Tabs}/locked", created);
        Assert.That(refused.Code, Is.EqualTo(422));
        Assert.That(refused.Message, Is.EqualTo("crontabs.stable.example.com \"locked\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update").Or.EqualTo(
            "Crontab.stable.example.com \"locked\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"));
    }

    [Test]
    public async Task Kind_and_version_of_a_body_are_checked()
    {
        var version = await _api.PostAsync(Tabs, """{"apiVersion":"stable.example.com/v2","kind":"Crontab","metadata":{"name":"x"}}""");
        var kind = await _api.PostAsync(Tabs, """{"apiVersion":"stable.example.com/v1","kind":"Other","metadata":{"name":"x"}}""");
        var none = await _api.PostAsync(Tabs, """{"metadata":{"name":"x"}}""");

        Assert.That((version.Code, version.Message), Is.EqualTo((400, "the API version in the data (stable.example.com/v2) does not match the expected API version (stable.example.com/v1)")));
        Assert.That((kind.Code, kind.Message), Is.EqualTo((422, "Crontab.stable.example.com \"x\" is invalid: kind: Invalid value: \"Other\": must be Crontab")));
        Assert.That(none.Code, Is.EqualTo(400));
        Assert.That(none.Message, Does.Contain("Object 'Kind' is missing in"));
    }

    [Test]
    public async Task OpenAPI_tells_the_schema_in_both_versions()
    {
        var v3 = (await _api.GetAsync($"/openapi/v3/apis/{Group}/v1")).Body!;
        var kind = v3["components"]!["schemas"]!["com.example.stable.v1.Crontab"]!;
        Assert.That((string?)kind["properties"]!["spec"]!["properties"]!["cronSpec"]!["type"], Is.EqualTo("string"));
        Assert.That((string?)kind["properties"]!["metadata"]!["$ref"], Is.EqualTo("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
        Assert.That(v3["components"]!["schemas"]!["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"], Is.Not.Null);
        Assert.That(v3["paths"]![$"/apis/{Group}/v1/namespaces/{{namespace}}/crontabs/{{name}}/scale"], Is.Not.Null);

        var v2 = (await _api.GetAsync("/openapi/v2")).Body!["definitions"]!["com.example.stable.v1.Crontab"]!;
        Assert.That((int?)v2["properties"]!["spec"]!["properties"]!["replicas"]!["default"], Is.EqualTo(1));
        Assert.That(v2["properties"]!["spec"]!["properties"]!["free"]!["type"], Is.Null, "kubectl would refuse unknown fields of an object");
    }

    private static string Tab(string name, string spec, string more = "", string labels = "{}") =>
        $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"Crontab","metadata":{"name":"{{{name}}}","labels":{{{labels}}}},"spec":{ {{{spec}}} }{{{more}}}}""";

}
