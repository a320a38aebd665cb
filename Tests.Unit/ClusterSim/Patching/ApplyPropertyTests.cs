using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Patching;
using ClusterSim.Schema;
using ClusterSim.Tests.Schema;
using FsCheck;
using FsCheck.Fluent;

namespace ClusterSim.Tests.Patching;

public class ApplyPropertyTests
{
    private static readonly ObjectType Type = TypeSchema.Load().Find(new("apps", "v1", "Deployment"))!;
    private static readonly FieldSet Nothing = new();
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Test]
    public void Applying_twice_changes_nothing() => Prop.ForAll(Configurations("m"), configuration =>
    {
        var once = Apply(default, configuration, "m");
        return Same(once, Apply(once.ToElement(), configuration, "m", Now.AddHours(1)));
    }).QuickCheckThrowOnFailure();

    [Test]
    public void An_applier_that_sends_less_leaves_what_it_sends() => Prop.ForAll(Configurations("m"), Configurations("m"), (first, second) =>
    {
        var live = Apply(default, first, "m");
        return Same(Normal(Apply(live.ToElement(), second, "m")), Normal(Apply(default, second, "m")));
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Appliers_of_different_fields_never_conflict_and_each_keeps_its_own() => Prop.ForAll(Configurations("a"), Configurations("b"), (one, other) =>
    {
        var both = Apply(Apply(default, one, "one").ToElement(), other, "other");
        var reversed = Apply(Apply(default, other, "other").ToElement(), one, "one");
        return Owned(both, "one").SameAs(Owned(reversed, "one")) && Owned(both, "other").SameAs(Owned(reversed, "other"));
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Every_field_that_an_applier_sets_is_owned() => Prop.ForAll(Configurations("m"), configuration =>
    {
        var live = Apply(default, configuration, "m");
        return Owned(live, "m").SameAs(ManagedFields.Tracked(ApplyConfiguration.FieldsOf(Type.Type, configuration)));
    }).QuickCheckThrowOnFailure();

    [Test]
    public void A_changed_field_conflicts_and_force_takes_it() => Prop.ForAll(Configurations("m"), configuration =>
    {
        var live = Apply(default, configuration, "m");
        var changed = (JsonObject)configuration.DeepClone();
        changed["spec"]!["replicas"] = 99;
        var refusal = Assert.Throws<KubernetesApiException>(() => Apply(live.ToElement(), changed, "n"))!;
        var forced = ServerSideApply.Apply(live.ToElement(), changed, Type, new("n", "apps/v1", null, Now), force: true, Nothing);
        return refusal.Message == "Apply failed with 1 conflict: conflict with \"m\": .spec.replicas"
            && Owned(forced, "n").Has(["f:spec", "f:replicas"]) && !Owned(forced, "m").Has(["f:spec", "f:replicas"]);
    }).QuickCheckThrowOnFailure();

    [Test]
    public void An_updater_conflicts_by_version_and_many_conflicts_are_listed()
    {
        var live = Configuration("m", 1, ["x"], "i:1");
        ManagedFields.RecordUpdate(live, default, Type, new("editor", "apps/v1", null, Now), Nothing);
        var wanted = Configuration("m", 2, ["x"], "i:2");

        var refusal = Assert.Throws<KubernetesApiException>(() => Apply(live.ToElement(), wanted, "n"))!;

        Assert.That(refusal.Message, Is.EqualTo(
            "Apply failed with 3 conflicts: conflicts with \"editor\" using apps/v1:\n- .metadata.labels.mx\n- .spec.replicas\n- .spec.template.spec.containers[name=\"m-x\"].image"));
        Assert.That(refusal.Details!["causes"]!.AsArray(), Has.Count.EqualTo(3));
    }

    [Test]
    public void More_than_ten_writers_are_folded_into_one()
    {
        var live = Configuration("m", 1, ["x"], "i:1");
        ManagedFields.RecordUpdate(live, default, Type, new("creator", "apps/v1", null, Now), Nothing);
        for (var writer = 0; writer < 14; writer++)
        {
            var next = (JsonObject)live.DeepClone();
            next["metadata"]!["labels"]!.AsObject()[$"l{writer}"] = "1";
            ManagedFields.RecordUpdate(next, live.ToElement(), Type, new($"w{writer}", "apps/v1", null, Now.AddMinutes(writer)), Nothing);
            live = next;
        }
        var managers = live.ToElement().At("metadata", "managedFields").Items().Select(entry => entry.At("manager").Text("")).ToList();

        Assert.That(managers, Has.Count.EqualTo(10));
        Assert.That(managers, Does.Contain("ancient-changes").And.Contain("w13"));
    }

    [Test]
    public void A_merge_patch_of_null_and_values_is_what_RFC_7386_says()
    {
        var patched = MergePatch.Apply(Parse("""{"a":{"b":1,"c":2},"d":[1]}"""), Parse("""{"a":{"b":null,"e":{"f":null,"g":1}},"d":[2]}"""));

        Assert.That(patched.ToJsonString(), Is.EqualTo("""{"a":{"c":2,"e":{"g":1}},"d":[2]}"""));
    }

    [TestCase("""{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}""", """{"strategy":{"type":"Recreate"}}""")]
    [TestCase("""{"spec":{"strategy":{"$patch":"replace","type":"Recreate"}}}""", """{"strategy":{"type":"Recreate"}}""")]
    [TestCase("""{"spec":{"strategy":{"$patch":"delete"}}}""", """{"strategy":{}}""")]
    public void Directives_of_strategic_merge_are_followed(string patch, string spec)
    {
        var live = Parse("""{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}""");

        Assert.That(StrategicMergePatch.Apply(live, Parse(patch), Type.Type)["spec"]!.ToJsonString(), Is.EqualTo(spec));
    }

    [Test]
    public void Primitives_merge_and_are_deleted_by_strategic_merge()
    {
        var live = Parse("""{"metadata":{"finalizers":["a","b"]}}""");

        Assert.That(
            StrategicMergePatch.Apply(live, Parse("""{"metadata":{"finalizers":["c","b"]}}"""), Type.Type)["metadata"]!["finalizers"]!.AsArray().Select(item => (string?)item),
            Is.EquivalentTo(new[] { "a", "b", "c" }));
        Assert.That(
            StrategicMergePatch.Apply(live, Parse("""{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}"""), Type.Type)["metadata"]!.ToJsonString(),
            Is.EqualTo("""{"finalizers":["b"]}"""));
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private static JsonObject Apply(JsonElement live, JsonObject configuration, string manager, DateTimeOffset? now = null) =>
        ServerSideApply.Apply(live, configuration, Type, new(manager, "apps/v1", null, now ?? Now), force: false, Nothing);

    // What the API server stores: as decoded.
    private static JsonObject Normal(JsonObject merged) => RequestDecoder.DecodePatched(merged, Type, FieldValidation.Strict, []).Object;

    private static bool Same(JsonObject one, JsonObject other) => RecordedRefusalTests.Sorted(one) == RecordedRefusalTests.Sorted(other);

    private static FieldSet Owned(JsonObject live, string manager) =>
        ManagedFieldsEntry.Read(live.ToElement().At("metadata", "managedFields"))!.Single(entry => entry.Manager == manager).Fields;

    // Configurations of different prefixes share no field but the structs above them.
    private static Arbitrary<JsonObject> Configurations(string prefix) => (
        from replicas in Gen.Choose(0, 9)
        from names in Gen.SubListOf("x", "y", "z")
        from image in Gen.Elements("i:1", "i:2")
        select Configuration(prefix, prefix is "b" ? null : replicas, [.. names], image)).ToArbitrary();

    private static JsonObject Configuration(string prefix, int? replicas, string[] names, string image)
    {
        var containers = new JsonArray([.. names.Select(name => new JsonObject { ["name"] = $"{prefix}-{name}", ["image"] = image, ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = 80 }) })]);
        var spec = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = containers } } };
        if (replicas is { } count)
            spec["replicas"] = count;
        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = new JsonObject { ["name"] = "web", ["labels"] = new JsonObject(names.Select(name => KeyValuePair.Create(prefix + name, (JsonNode?)image))) },
            ["spec"] = spec,
        };
    }
}
