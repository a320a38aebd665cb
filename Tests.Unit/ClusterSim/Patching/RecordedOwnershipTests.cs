using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Patching;
using ClusterSim.Schema;
using ClusterSim.Tests.Fidelity;
using ClusterSim.Tests.Schema;

namespace ClusterSim.Tests.Patching;

public class RecordedOwnershipTests
{
    private static readonly TypeSchema Types = TypeSchema.Load();
    private static readonly GroupVersionKind Deployment = new("apps", "v1", "Deployment");
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    // Kinds to which nothing is added between defaulting and the answer that would be owned.
    [TestCaseSource(nameof(Creates))]
    public void A_create_owns_what_the_recording_says(object recorded)
    {
        var step = (ConversationStep)recorded;
        var type = TypeOf(step.Body);
        var created = step.Body.ToObject();
        created["metadata"]!.AsObject().Remove("managedFields");

        ManagedFields.RecordUpdate(created, default, type, new("unknown", type.Kind.GroupVersion.ToString(), null, Now), ResetFields.Of(type.Kind, null, hasStatus: true));

        Assert.That(Managers(created.ToElement()), Is.EqualTo(Managers(step.Body)));
    }

    private static IEnumerable<TestCaseData> Creates() =>
        from step in RecordedConversation.Load("02-defaults").Steps
        where step.Status == 201 && step.Name[..2] is not ("01" or "03" or "04" or "05" or "10" or "12" or "14" or "15" or "16" or "17" or "18" or "20" or "23" or "29" or "30" or "35" or "36")
        select new TestCaseData(step).SetArgDisplayNames(step.Name);

    [TestCase("04", "03")]
    [TestCase("05", "04")]
    [TestCase("06", "05")]
    [TestCase("09", "08")]
    [TestCase("10", "09")]
    [TestCase("12", "11")]
    [TestCase("13", "12")]
    [TestCase("14", "13")]
    [TestCase("15", "14")]
    [TestCase("23", "15")]
    public void A_patch_gives_the_recorded_object_and_owners(string number, string previous)
    {
        var talk = RecordedConversation.Load("05-patches");
        var step = talk[number];
        var unmasked = talk[previous].Body.ToObject();
        RecordedConversation.Unmask(unmasked);
        if (previous == "12")
            unmasked["metadata"]!["annotations"] = new JsonObject { ["a"] = "b" }; // left out of the recording
        var live = RequestDecoder.DecodePatched(unmasked, Types.Find(Deployment)!, FieldValidation.Strict, []).Object.ToElement();
        var type = Types.Find(Deployment)!;

        var patched = step.Asked.At("type").Text() switch
        {
            "application/json-patch+json" => JsonPatch.Apply(live.ToObject(), step.Sent),
            "application/merge-patch+json" => MergePatch.Apply(live.ToObject(), RequestDecoder.DecodeUntyped(step.Sent, MediaKind.Json)),
            _ => StrategicMergePatch.Apply(live.ToObject(), RequestDecoder.DecodeUntyped(step.Sent, MediaKind.Json), type.Type),
        };
        patched = RequestDecoder.DecodePatched(patched, type, FieldValidation.Strict, []).Object;
        if (number == "09")
            patched["spec"]!["revisionHistoryLimit"] = 10; // what defaulting does
        ManagedFields.RecordUpdate(patched, live, type, new("unknown", "apps/v1", null, Now), ResetFields.Of(Deployment, null, hasStatus: true));

        Assert.That(Managers(patched.ToElement()), Is.EqualTo(Managers(step.Body)));
        Assert.That(Spec(patched.ToElement()), Is.EqualTo(Spec(step.Body)));
    }

    // The server filled in the defaults of the containers that these add; what was asked for must be there, in that order.
    [TestCase("07", "06")]
    [TestCase("08", "07")]
    [TestCase("11", "10")]
    public void A_patch_gives_the_recorded_containers(string number, string previous)
    {
        var talk = RecordedConversation.Load("05-patches");
        var patch = RequestDecoder.DecodeUntyped(talk[number].Sent, MediaKind.Json);

        var patched = talk[number].Asked.At("type").Text() == "application/merge-patch+json"
            ? MergePatch.Apply(talk[previous].Body.ToObject(), patch)
            : StrategicMergePatch.Apply(talk[previous].Body.ToObject(), patch, Types.Find(Deployment)!.Type);

        Assert.That(Images(patched.ToElement()), Is.EqualTo(Images(talk[number].Body)));
    }

    [TestCase("16")]
    [TestCase("17")]
    [TestCase("18")]
    public void A_JSON_patch_that_fails_is_refused_in_the_recorded_words(string number)
    {
        var talk = RecordedConversation.Load("05-patches");

        var refusal = Assert.Throws<KubernetesApiException>(() => JsonPatch.Apply(talk["15"].Body.ToObject(), talk[number].Sent))!;

        Assert.That((refusal.Code, refusal.Reason, refusal.Message), Is.EqualTo((talk[number].Status, talk[number].Body.At("reason").Text(), talk[number].Body.At("message").Text())));
    }

    [TestCase("04", null, "manager-a")]
    [TestCase("05", "04", "manager-a")]
    [TestCase("07", "05", "manager-b")]
    [TestCase("08", "07", "manager-a")]
    [TestCase("09", "08", "manager-c")]
    [TestCase("15", null, "manager-a")]
    [TestCase("16", "15", "manager-b")]
    [TestCase("17", null, "manager-a")]
    [TestCase("18", null, "manager-a")]
    public void An_apply_gives_the_recorded_owners(string number, string? previous, string manager)
    {
        var talk = RecordedConversation.Load("06-apply");
        var type = TypeOf(talk[number].Body);
        var configuration = RequestDecoder.DecodeUntyped(talk[number].Sent, MediaKind.Yaml);

        var merged = ServerSideApply.Apply(
            previous is null ? default : talk[previous].Body, configuration, type, new(manager, type.Kind.GroupVersion.ToString(), null, Now), force: number == "07",
            ResetFields.Of(type.Kind, null, hasStatus: true));

        Assert.That(Managers(merged.ToElement()), Is.EqualTo(Managers(talk[number].Body)));
    }

    [TestCase("06", "manager-b")]
    [TestCase("13", "manager-a")]
    [TestCase("14", "manager-a")]
    public void An_apply_is_refused_in_the_recorded_words(string number, string manager)
    {
        var talk = RecordedConversation.Load("06-apply");

        var refusal = Assert.Throws<KubernetesApiException>(() => ServerSideApply.Apply(
            talk["05"].Body, RequestDecoder.DecodeUntyped(talk[number].Sent, MediaKind.Yaml), Types.Find(Deployment)!, new(manager, "apps/v1", null, Now), force: false, new FieldSet()))!;

        Assert.That((refusal.Code, refusal.Reason, refusal.Message), Is.EqualTo((talk[number].Status, talk[number].Body.At("reason").Text(), talk[number].Body.At("message").Text())));
        Assert.That(RecordedRefusalTests.Sorted(refusal.Details?["causes"]), Is.EqualTo(RecordedRefusalTests.Sorted(talk[number].Body.At("details", "causes").ToNode())));
    }

    [Test]
    public void Scaling_takes_replicas_from_every_applier_and_keeps_no_time()
    {
        var talk = RecordedConversation.Load("06-apply");
        var live = talk["09"].Body;
        var scaled = live.ToObject();
        scaled["spec"]!["replicas"] = 1;

        ManagedFields.RecordUpdate(scaled, live, Types.Find(Deployment)!, new("unknown", "apps/v1", "scale", Now), ResetFields.Of(Deployment, "scale", hasStatus: true));
        var labelled = scaled.ToElement().ToObject();
        labelled["metadata"]!["labels"]!["extra"] = "1";
        ManagedFields.RecordUpdate(labelled, scaled.ToElement(), Types.Find(Deployment)!, new("manager-d", "apps/v1", null, Now), ResetFields.Of(Deployment, null, hasStatus: true));

        Assert.That(Managers(labelled.ToElement()), Is.EqualTo(Managers(talk["11"].Body)));
    }

    private static ObjectType TypeOf(JsonElement body)
    {
        var (group, version) = GroupVersion.Parse(body.At("apiVersion").Text(""));
        return Types.Find(new(group, version, body.At("kind").Text("")))!;
    }

    private static string Spec(JsonElement body) => RecordedRefusalTests.Sorted(body.At("spec").ToNode());

    private static List<string> Images(JsonElement body) =>
        [.. body.At("spec", "template", "spec").At("containers").Items().Select(container => $"{container.At("name").Text()}={container.At("image").Text()}")];

    // As the recordings mask them: times by their presence, order by manager.
    private static string Managers(JsonElement body)
    {
        var entries = body.At("metadata", "managedFields").Items().Select(entry =>
        {
            var copy = entry.ToObject();
            if (copy.ContainsKey("time"))
                copy["time"] = "<time>";
            return RecordedRefusalTests.Sorted(copy);
        });
        return string.Join("\n\n", entries.Order(StringComparer.Ordinal));
    }
}
