using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>Server-side field validation, as Kubernetes' conformance tests ask for it.</summary>
public sealed class FieldValidationTests
{
    private const string Group = "fields.example.com";
    private const string Spec = """
        "foo":{"type":"string"},"cronSpec":{"type":"string","pattern":"^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$"},
        "ports":{"type":"array","x-kubernetes-list-map-keys":["containerPort","protocol"],"x-kubernetes-list-type":"map","items":{"type":"object","required":["containerPort","protocol"],
          "properties":{"containerPort":{"format":"int32","type":"integer"},"name":{"type":"string"},"protocol":{"type":"string"}}}}
        """;

    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _api = await CustomCluster.StartAsync();
        await _api.EstablishAsync(CustomCluster.Definition(Group, "schemas", "{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{" + Spec + "}}}}", scope: "Cluster"));
        await _api.EstablishAsync(CustomCluster.Definition(Group, "nones", """{"type":"object","x-kubernetes-preserve-unknown-fields":true}""", scope: "Cluster"));
        await _api.EstablishAsync(CustomCluster.Definition(Group, "frees",
            "{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true,\"properties\":{" + Spec + """
            ,"template":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"metadata":{"type":"object","properties":{"name":{"type":"string"}}},"spec":{"type":"object"}}}
            """ + "}}}}", scope: "Cluster"));
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [TestCase("\"unknownField\":\"foo\",\"replicas\":2,\"replicas\":3,", "", "strict decoding error: unknown field \"spec.unknownField\", duplicate field \"spec.replicas\"")]
    [TestCase("", "\"unknownMeta\":\"foo\",", "strict decoding error: unknown field \"metadata.unknownMeta\"")]
    public async Task A_typed_object_with_unknown_or_repeated_fields_is_refused(string spec, string metadata, string message)
    {
        var refused = await _api.PostAsync("/apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict", $$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"my-dep",{{{metadata}}}"labels":{"app":"nginx"}},
             "spec":{ {{{spec}}}"selector":{"matchLabels":{"app":"nginx"}},"template":{"metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"name":"nginx","image":"nginx:latest"}]} } } }
            """);

        Assert.That(refused.Code, Is.EqualTo(400));
        Assert.That(refused.Message, Does.Contain(message));
    }

    [Test]
    public async Task A_custom_object_that_fits_its_schema_is_applied()
    {
        var applied = await ApplyAsync("schemas", "Schema", "fits", "", "  foo: foo1\n");

        Assert.That(applied.Code, Is.EqualTo(201), applied.ToString());
        Assert.That(applied.Warnings, Is.EqualTo(new[] { "metadata.finalizers: \"test-finalizer\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers" }));
    }

    [Test]
    public async Task Unknown_fields_are_taken_where_there_is_no_schema()
    {
        var applied = await ApplyAsync("nones", "None", "free", "", "  unknown: uk1\n");

        Assert.That(applied.Code, Is.EqualTo(201), applied.ToString());
        Assert.That((string?)applied.Body!["spec"]!["unknown"], Is.EqualTo("uk1"));
    }

    [Test]
    public async Task Fields_that_the_schema_lacks_are_refused()
    {
        var refused = await ApplyAsync("schemas", "Schema", "extra", "", "  foo: foo1\n", "unknownField: unknown\n");

        Assert.That(refused.Code, Is.GreaterThanOrEqualTo(400));
        Assert.That(refused.Message, Does.Contain(".unknownField: field not declared in schema"));
    }

    [Test]
    public async Task Unknown_metadata_is_refused_at_the_root_and_in_embedded_objects()
    {
        var refused = await ApplyAsync("frees", "Free", "meta", "  unknownMeta: unknown\n",
            "  template:\n    apiversion: foo/v1\n    kind: Sub\n    metadata:\n      unknownSubMeta: unknown\n      name: subobject\n      namespace: default\n  foo: foo1\n");

        Assert.That(refused.Message, Does.Contain(".spec.template.metadata.unknownSubMeta: field not declared in schema").And.Contain(".metadata.unknownMeta: field not declared in schema"));
    }

    [Test]
    public async Task Repeated_keys_are_refused_even_where_unknown_fields_are_kept()
    {
        var refused = await ApplyAsync("frees", "Free", "twice", "", "  unknown: uk1\n  foo: foo1\n  foo: foo2\n");

        Assert.That(refused.Code, Is.EqualTo(400), refused.ToString());
        Assert.That(refused.Message, Does.Contain("line 10: key \"foo\" already set in map"));
        var merged = await _api.SendAsync("PATCH", "/api/v1/namespaces/default?fieldValidation=Strict", """{"metadata":{"labels":{"a":"b"},"labels":{"a":"c"}}}""", "application/merge-patch+json");
        Assert.That(merged.Code, Is.EqualTo(422));
        Assert.That(merged.Message, Does.EndWith("strict decoding error: duplicate field \"metadata.labels\""));
    }

    [Test]
    public async Task A_patch_whose_outcome_cannot_be_read_is_422()
    {
        var typed = await _api.MergeAsync("/api/v1/namespaces/default", """{"metadata":{"labels":5}}""");
        var custom = await ApplyAsync("nones", "None", "patched", "", "");
        var broken = await _api.MergeAsync($"/apis/{Group}/v1/nones/patched", """{"metadata":{"labels":5}}""");

        Assert.That((typed.Code, custom.Code, broken.Code), Is.EqualTo((422, 201, 422)), $"{typed}\n{custom}\n{broken}");
        Assert.That(typed.Message, Does.StartWith(" \"\" is invalid: patch: Invalid value: \"{").And.Contain("cannot unmarshal number"));
        Assert.That((string?)typed.Body!["details"]!["causes"]![0]!["field"], Is.EqualTo("patch"));
    }

    private Task<Answer> ApplyAsync(string resource, string kind, string name, string metadata, string spec, string top = "") => _api.ApplyAsync(
        $"/apis/{Group}/v1/{resource}/{name}?fieldValidation=Strict",
        $"apiVersion: {Group}/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{metadata}  finalizers:\n  - test-finalizer\n{top}spec:\n{spec}  cronSpec: \"* * * * */5\"\n  ports:\n  - name: x\n    containerPort: 80\n    protocol: TCP\n");
}
