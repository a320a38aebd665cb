using System.Text.Json.Nodes;

namespace ClusterSim.Tests.Extensions;

/// <summary>CustomResourceDefinitions themselves: what is refused, how names are given, how they change and end.</summary>
public sealed class DefinitionTests
{
    private const string Group = "defs.example.com";
    private const string Plain = """{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}}""";

    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _api = await CustomCluster.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [TestCase("""{"type":"object","properties":{"spec":{"properties":{"a":{"type":"string"}}}}}""",
        "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields")]
    [TestCase("""{"type":"string"}""", "spec.validation.openAPIV3Schema.type: Invalid value: \"string\": must be object at the root")]
    [TestCase("""{"properties":{}}""", "spec.validation.openAPIV3Schema.type: Required value: must not be empty at the root")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array"}}}""", "spec.validation.openAPIV3Schema.properties[a].items: Required value: must be specified")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"frob"}}}""",
        "spec.validation.openAPIV3Schema.properties[a].type: Unsupported value: \"frob\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}""",
        "spec.validation.openAPIV3Schema.properties[a].default: Invalid value: \"string\": spec.validation.openAPIV3Schema.properties[a].default in body must be of type integer: \"string\"|" +
        "spec.validation.openAPIV3Schema.properties[a].default: Invalid value: \"string\":  in body must be of type integer: \"string\"")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"object","default":{"x":1}}}}""",
        "spec.validation.openAPIV3Schema.properties[a].default: Invalid value: {\"x\":1}: must not have unknown fields")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}""", "spec.validation.openAPIV3Schema.properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: ")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}}""",
        "spec.validation.openAPIV3Schema.properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic")]
    [TestCase("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}""",
        "spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object","properties":{"n":{"type":"string"}}}}}}""",
        "spec.validation.openAPIV3Schema.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"properties":{"b":{"minLength":1}}}]}""",
        "spec.validation.openAPIV3Schema.properties[b]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[b]")]
    [TestCase("""{"type":"object","oneOf":[{"type":"object"}]}""", "spec.validation.openAPIV3Schema.oneOf[0].type: Forbidden: must be empty to be structural")]
    [TestCase("""{"type":"object","nullable":true}""", "spec.validation.openAPIV3Schema.nullable: Forbidden: nullable cannot be true at the root")]
    public async Task A_schema_that_is_not_structural_is_refused(string schema, string message)
    {
        var refused = await _api.PostAsync(CustomCluster.Definitions, CustomCluster.Definition(Group, "refusals", schema));

        Assert.That(refused.Code, Is.EqualTo(422), refused.ToString());
        Assert.That(refused.Message, Does.StartWith($"CustomResourceDefinition.apiextensions.k8s.io \"refusals.{Group}\" is invalid: "));
        Assert.That(message.Split('|').Any(one => refused.Message!.Contains(one, StringComparison.Ordinal)), refused.Message);
    }

    [Test]
    public async Task Names_group_scope_and_versions_are_checked()
    {
        var wrong = CustomCluster.Definition("nodots", "things", Plain, scope: "Galaxy");
        wrong["metadata"]!["name"] = "other.nodots";
        var answer = await _api.PostAsync(CustomCluster.Definitions, wrong);
        Assert.That(answer.Code, Is.EqualTo(422));
        Assert.That(answer.Body!["details"]!["causes"]!.AsArray().Select(cause => $"{cause!["field"]}: {cause["message"]}"), Is.EqualTo(new[]
        {
            "metadata.name: Invalid value: \"other.nodots\": must be spec.names.plural+\".\"+spec.group",
            "spec.group: Invalid value: \"nodots\": should be a domain with at least one dot",
            "spec.scope: Unsupported value: \"Galaxy\": supported values: \"Cluster\", \"Namespaced\"",
        }));

        var none = CustomCluster.Definition(Group, "storeds", Plain);
        none["spec"]!["versions"]![0]!["storage"] = false;
        var unstored = await _api.PostAsync(CustomCluster.Definitions, none);
        Assert.That(unstored.Message, Does.Contain("must have exactly one version marked as storage version"));
        Assert.That(unstored.Message, Does.Contain("status.storedVersions: Invalid value: null: must have at least one stored version"));

        var approval = await _api.PostAsync(CustomCluster.Definitions, CustomCluster.Definition("x.k8s.io", "things", Plain));
        Assert.That(approval.Message, Does.Contain("metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation"));
    }

    [Test]
    public async Task What_is_not_acted_on_is_told_or_refused()
    {
        var warned = await _api.PostAsync(CustomCluster.Definitions + "?dryRun=All", CustomCluster.Definition(Group, "cels",
            """{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-validations":[{"rule":"self.a == 1"}],"properties":{"a":{"type":"integer"},"b":{"type":"string","format":"odd"}}}}}"""));
        Assert.That(warned.Code, Is.EqualTo(201), warned.ToString());
        Assert.That(warned.Warnings, Is.EqualTo(new[] { "unrecognized format \"odd\"", "x-kubernetes-validations are stored and not acted on: the simulated cluster evaluates no CEL" }));

        var webhook = CustomCluster.Definition(Group, "hooks", Plain);
        webhook["spec"]!["conversion"] = JsonNode.Parse("""{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],"clientConfig":{"service":{"name":"a","namespace":"b"}}}}""");
        var refused = await _api.PostAsync(CustomCluster.Definitions, webhook);
        Assert.That(refused.Code, Is.EqualTo(422));
        Assert.That(refused.Message, Does.Contain("spec.conversion.strategy: Forbidden: the simulated cluster calls no webhooks"));
    }

    [Test]
    public async Task A_name_that_is_taken_is_not_accepted_until_it_is_free()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "firsts", Plain, names: ",\"shortNames\":[\"dup\"]"));
        await _api.PostAsync(CustomCluster.Definitions, CustomCluster.Definition(Group, "seconds", Plain, names: ",\"shortNames\":[\"dup\"]"));

        var second = (await _api.UntilAsync($"{CustomCluster.Definitions}/seconds.{Group}", answer => CustomCluster.ConditionOf(answer.Body, "NamesAccepted") == "False")).Body!;
        Assert.That((string?)second["status"]!["conditions"]![0]!["reason"], Is.EqualTo("ShortNamesConflict"));
        Assert.That((string?)second["status"]!["conditions"]![0]!["message"], Is.EqualTo("\"dup\" is already in use"));
        Assert.That((await _api.GetAsync($"/apis/{Group}/v1/seconds")).Code, Is.EqualTo(404));

        await _api.DeleteAsync($"{CustomCluster.Definitions}/firsts.{Group}");
        await _api.EstablishedAsync($"seconds.{Group}");
        Assert.That((await _api.GetAsync($"/apis/{Group}/v1/seconds")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task Scope_and_kind_cannot_change_once_established()
    {
        var definition = await _api.EstablishAsync(CustomCluster.Definition(Group, "fixeds", Plain));
        definition["spec"]!["scope"] = "Cluster";
        definition["spec"]!["names"]!["kind"] = "Other";

        var refused = await _api.PutAsync($"{CustomCluster.Definitions}/fixeds.{Group}", definition);

        Assert.That(refused.Code, Is.EqualTo(422));
        Assert.That(refused.Message, Does.Contain("spec.scope: Invalid value: \"Cluster\": field is immutable").And.Contain("spec.names.kind: Invalid value: \"Other\": field is immutable"));
    }

    [Test]
    public async Task Versions_are_served_beside_each_other_with_their_own_schemas()
    {
        var definition = CustomCluster.Definition(Group, "manys", """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}""");
        definition["spec"]!["versions"]!.AsArray().Add(JsonNode.Parse("""
            {"name":"v2","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"type":"string"},"c":{"type":"string","default":"new"}}}}}
            """));
        definition["spec"]!["versions"]!.AsArray().Add(JsonNode.Parse("""{"name":"v1beta1","served":true,"storage":false,"deprecated":true,"schema":{"openAPIV3Schema":{"type":"object"}}}"""));
        await _api.EstablishAsync(definition);

        await _api.PostAsync($"/apis/{Group}/v1/namespaces/default/manys", """{"apiVersion":"defs.example.com/v1","kind":"Many","metadata":{"name":"x"},"a":"1","b":"2"}""");
        var second = (await _api.GetAsync($"/apis/{Group}/v2/namespaces/default/manys/x")).Body!;
        Assert.That(((string?)second["apiVersion"], (string?)second["a"], (string?)second["b"], (string?)second["c"]), Is.EqualTo(("defs.example.com/v2", "1", (string?)null, "new")));
        var listed = (await _api.GetAsync($"/apis/{Group}/v2/manys")).Body!;
        Assert.That((string?)listed["items"]![0]!["c"], Is.EqualTo("new"));
        Assert.That((string?)listed["apiVersion"], Is.EqualTo("defs.example.com/v2"));

        var beta = await _api.GetAsync($"/apis/{Group}/v1beta1/manys");
        Assert.That(beta.Warnings, Is.EqualTo(new[] { "defs.example.com/v1beta1 Many is deprecated; use defs.example.com/v2 Many" }));
        var many = (await _api.GetAsync($"/apis/{Group}")).Body!;
        Assert.That((string?)many["preferredVersion"]!["version"], Is.EqualTo("v2"));

        var stopped = (await _api.GetAsync($"{CustomCluster.Definitions}/manys.{Group}")).Body!;
        stopped["spec"]!["versions"]![1]!["served"] = false;
        Assert.That((await _api.PutAsync($"{CustomCluster.Definitions}/manys.{Group}", stopped)).Code, Is.EqualTo(200));
        await _api.UntilAsync($"/apis/{Group}/v2/manys", answer => answer.Code == 404);
        Assert.That((await _api.GetAsync($"/apis/{Group}/v1/manys")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task A_new_default_shows_on_objects_that_were_stored_before()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "laters", Plain));
        await _api.PostAsync($"/apis/{Group}/v1/namespaces/default/laters", """{"apiVersion":"defs.example.com/v1","kind":"Later","metadata":{"name":"old"},"spec":{}}""");

        var patch = """[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/default","value":"A"}]""";
        Assert.That((await _api.SendAsync("PATCH", $"{CustomCluster.Definitions}/laters.{Group}", patch, "application/json-patch+json")).Code, Is.EqualTo(200));

        var read = await _api.UntilAsync($"/apis/{Group}/v1/namespaces/default/laters/old", answer => (string?)answer.Body?["spec"]?["a"] == "A");
        Assert.That((int?)read.Body!["metadata"]!["generation"], Is.EqualTo(1));
        Assert.That((string?)(await _api.GetAsync($"/apis/{Group}/v1/laters")).Body!["items"]![0]!["spec"]!["a"], Is.EqualTo("A"));
    }

    [Test]
    public async Task A_deleted_definition_takes_its_objects_and_its_watchers_with_it()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "endings", Plain));
        const string endings = $"/apis/{Group}/v1/namespaces/default/endings";
        await _api.PostAsync(endings, """{"apiVersion":"defs.example.com/v1","kind":"Ending","metadata":{"name":"free"}}""");
        await _api.PostAsync(endings, """{"apiVersion":"defs.example.com/v1","kind":"Ending","metadata":{"name":"held","finalizers":["example.com/hold"]}}""");
        var watch = _api.Client.GetStringAsync(new Uri($"{endings}?watch=true&resourceVersion=0", UriKind.Relative));

        var deleted = await _api.DeleteAsync($"{CustomCluster.Definitions}/endings.{Group}");
        Assert.That(deleted.Code, Is.EqualTo(200));
        Assert.That((string?)deleted.Body!["kind"], Is.EqualTo("CustomResourceDefinition"));
        Assert.That(deleted.Body["metadata"]!["finalizers"]!.ToJsonString(), Is.EqualTo("""["customresourcecleanup.apiextensions.k8s.io"]"""));
        Assert.That(CustomCluster.ConditionOf(deleted.Body, "Terminating"), Is.EqualTo("True"));

        await _api.UntilAsync($"{endings}/free", answer => answer.Code == 404);
        var held = await _api.UntilAsync($"{endings}/held", answer => answer.Body?["metadata"]?["deletionTimestamp"] is not null);
        Assert.That(held.Code, Is.EqualTo(200));
        var late = await _api.PostAsync(endings, """{"apiVersion":"defs.example.com/v1","kind":"Ending","metadata":{"name":"late"}}""");
        Assert.That(late.Code, Is.EqualTo(403), late.ToString());
        Assert.That(late.Message, Does.EndWith("create not allowed while custom resource definition is terminating"));

        await _api.MergeAsync($"{endings}/held", """{"metadata":{"finalizers":null}}""");
        await _api.UntilAsync($"{CustomCluster.Definitions}/endings.{Group}", answer => answer.Code == 404);
        Assert.That((await _api.GetAsync(endings)).Code, Is.EqualTo(404));
        Assert.That((await watch).Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.GreaterThan(0), "the watch ended by itself");

        await _api.EstablishAsync(CustomCluster.Definition(Group, "endings", Plain));
        Assert.That((await _api.GetAsync(endings)).Body!["items"]!.AsArray(), Is.Empty, "a definition made anew starts empty");
    }

    [Test]
    public async Task Owners_and_namespaces_take_custom_objects_along()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "owneds", Plain));
        await _api.EstablishAsync(CustomCluster.Definition(Group, "rooves", Plain, scope: "Cluster", names: ",\"singular\":\"roof\""));
        await _api.PostAsync("/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"going"}}""");
        const string owneds = $"/apis/{Group}/v1/namespaces/going/owneds";
        var owner = (await _api.PostAsync(owneds, """{"apiVersion":"defs.example.com/v1","kind":"Owned","metadata":{"name":"owner"}}""")).Body!;
        Assert.That((await _api.PostAsync("/api/v1/namespaces/going/configmaps", $$$"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dependent","ownerReferences":[{"apiVersion":"defs.example.com/v1","kind":"Owned","name":"owner","uid":"{{{owner["metadata"]!["uid"]}}}"}]}}
            """)).Code, Is.EqualTo(201));
        await _api.PostAsync(owneds, $$$"""
            {"apiVersion":"defs.example.com/v1","kind":"Owned","metadata":{"name":"child","ownerReferences":[{"apiVersion":"defs.example.com/v1","kind":"Owned","name":"owner","uid":"{{{owner["metadata"]!["uid"]}}}"}]}}
            """);
        await _api.PostAsync(owneds, """{"apiVersion":"defs.example.com/v1","kind":"Owned","metadata":{"name":"other"}}""");

        Assert.That((await _api.DeleteAsync($"{owneds}/owner")).Code, Is.EqualTo(200));
        await _api.UntilAsync("/api/v1/namespaces/going/configmaps/dependent", answer => answer.Code == 404);
        await _api.UntilAsync($"{owneds}/child", answer => answer.Code == 404);
        Assert.That((await _api.GetAsync($"{owneds}/other")).Code, Is.EqualTo(200));

        await _api.DeleteAsync("/api/v1/namespaces/going");
        await _api.UntilAsync("/api/v1/namespaces/going", answer => answer.Code == 404);
        Assert.That((await _api.GetAsync($"{owneds}/other")).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task Roles_that_aggregate_open_custom_resources_to_editors()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "secrets", Plain, names: ",\"singular\":\"hush\",\"listKind\":\"HushList\""));
        const string path = $"/apis/{Group}/v1/namespaces/default/secrets";
        await _api.PostAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
            """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"eve"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"edit"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"eve"}]}""");
        var refused = await _api.SendAsync("GET", path, null, user: "eve");
        Assert.That(refused.Code, Is.EqualTo(403));
        Assert.That(refused.Message, Is.EqualTo($"secrets.{Group} is forbidden: User \"eve\" cannot list resource \"secrets\" in API group \"{Group}\" in the namespace \"default\""));

        await _api.PostAsync("/apis/rbac.authorization.k8s.io/v1/clusterroles", $$$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"hush-editors","labels":{"rbac.authorization.k8s.io/aggregate-to-edit":"true"}},
             "rules":[{"apiGroups":["{{{Group}}}"],"resources":["secrets"],"verbs":["get","list","create"]}]}
            """);
        await _api.UntilAsync("/apis/rbac.authorization.k8s.io/v1/clusterroles/edit", answer => answer.Body!.ToJsonString().Contains(Group, StringComparison.Ordinal));
        Assert.That((await _api.SendAsync("GET", path, null, user: "eve")).Code, Is.EqualTo(200));
        Assert.That((await _api.SendAsync("DELETE", path, null, user: "eve")).Code, Is.EqualTo(403));
    }

    [Test]
    public async Task A_quota_counts_custom_objects()
    {
        await _api.EstablishAsync(CustomCluster.Definition(Group, "counteds", Plain));
        await _api.PostAsync("/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"few"}}""");
        await _api.PostAsync("/api/v1/namespaces/few/resourcequotas", $$$"""{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"one"},"spec":{"hard":{"count/counteds.{{{Group}}}":"1"} } }""");
        await _api.UntilAsync("/api/v1/namespaces/few/resourcequotas/one", answer => answer.Body?["status"]?["used"] is not null);
        const string path = $"/apis/{Group}/v1/namespaces/few/counteds";

        var first = await _api.PostAsync(path, """{"apiVersion":"defs.example.com/v1","kind":"Counted","metadata":{"name":"a"}}""");
        var second = await _api.PostAsync(path, """{"apiVersion":"defs.example.com/v1","kind":"Counted","metadata":{"name":"b"}}""");

        Assert.That((first.Code, second.Code), Is.EqualTo((201, 403)), second.ToString());
        await _api.UntilAsync("/api/v1/namespaces/few/resourcequotas/one", answer => (string?)answer.Body!["status"]!["used"]![$"count/counteds.{Group}"] == "1");
    }
}
