using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Tests.Fidelity;
using ClusterSim.Validation;

namespace ClusterSim.Tests.Validation;

/// <summary>
/// The creations that a real Kubernetes was asked for, taken through decoding, defaults, preparation and validation: the same refusals in
/// the same words, and the same objects, but for what admission and allocation add.
/// </summary>
[TestFixture]
public sealed class RecordedValidationTests
{
    private const string Uid = "01234567-89ab-cdef-0123-456789abcdef";

    // What the strategies are not asked for: the account, its token and the tolerations are admission's, addresses and node ports the allocator's.
    private static readonly string[] AddedToPods = ["serviceAccount", "serviceAccountName", "tolerations", "priority", "preemptionPolicy"];
    private static readonly string[] AllocatedToServices = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"];

    private static readonly ResourceCatalog Catalog = new();
    private static readonly KindStrategies Strategies = new();
    private static readonly RequestDecoder Decoder = new(TypeSchema.Load());

    private static IEnumerable<TestCaseData> Refusals() => Creations("03-invalid").Concat(Creations("10-admission")).Concat(Creations("02-defaults"))
        .Concat(Creations("04-lifecycle")).Where(step => step.Answer["status"]!.GetValue<int>() is 422 or 201)
        .Select(step => new TestCaseData(step.Step, step.Answer).SetArgDisplayNames(step.Name));

    private static IEnumerable<TestCaseData> Acceptances() => Creations("02-defaults").Concat(Creations("04-lifecycle"))
        .Where(step => step.Answer["status"]!.GetValue<int>() == 201)
        .Select(step => new TestCaseData(step.Step, step.Answer).SetArgDisplayNames(step.Name));

    [TestCaseSource(nameof(Refusals))]
    public void A_creation_is_refused_in_the_words_of_a_real_server_or_not_at_all(JsonObject step, JsonObject answer)
    {
        var (kind, @object, namespaced) = Prepared(step);
        var strategy = Strategies.For(kind);
        var element = @object.ToElement();

        List<FieldError> errors =
            [.. ObjectMetaValidation.ValidateCreate(element.At("metadata"), namespaced, strategy.NameRule), .. strategy.Validate(element)];

        if (answer["status"]!.GetValue<int>() == 201)
        {
            Assert.That(errors, Is.Empty);
            return;
        }
        Assert.That(errors, Is.Not.Empty, $"the recorded server said: {answer["body"]!["message"]}");
        var told = KubernetesApiException.Invalid(kind, (string?)@object["metadata"]?["name"] ?? "", errors).ToStatus();
        Assert.That(Masking.Differences(answer["body"], Masking.Mask(told)), Is.Empty);
    }

    [TestCaseSource(nameof(Acceptances))]
    public void A_created_object_is_as_a_real_server_returned_it(JsonObject step, JsonObject answer)
    {
        var (_, @object, _) = Prepared(step);
        var want = answer["body"]!.DeepClone().AsObject();
        var got = Masking.Mask(@object)!.AsObject();
        foreach (var side in (ReadOnlySpan<JsonObject>)[want, got])
            WithoutWhatOthersAdd(side);

        Assert.That(Masking.Differences(want, got), Is.Empty);
    }

    private static void WithoutWhatOthersAdd(JsonObject @object)
    {
        var metadata = @object["metadata"]!.AsObject();
        foreach (var field in (ReadOnlySpan<string>)["uid", "creationTimestamp", "resourceVersion", "managedFields", "generation", "finalizers"])
            metadata.Remove(field);
        if (@object["spec"] is not JsonObject spec)
            return;
        switch ((string?)@object["kind"])
        {
            case "Pod":
                foreach (var field in AddedToPods)
                    spec.Remove(field);
                if (spec["volumes"] is JsonArray volumes)
                    Drop(volumes, volume => ((string?)volume["name"])!.StartsWith("kube-api-access-", StringComparison.Ordinal), spec, "volumes");
                foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
                    foreach (var container in (spec[list] as JsonArray ?? []).OfType<JsonObject>().ToList())
                        if (container["volumeMounts"] is JsonArray mounts)
                            Drop(mounts, mount => ((string?)mount["name"])!.StartsWith("kube-api-access-", StringComparison.Ordinal), container, "volumeMounts");
                break;
            case "Service":
                foreach (var field in AllocatedToServices)
                    spec.Remove(field);
                foreach (var port in (spec["ports"] as JsonArray ?? []).OfType<JsonObject>())
                    port.Remove("nodePort");
                break;
            case "Node":
                spec.Remove("taints");
                break;
            default:
                break;
        }
    }

    private static void Drop(JsonArray list, Func<JsonObject, bool> which, JsonObject parent, string name)
    {
        foreach (var item in list.OfType<JsonObject>().Where(which).ToList())
            list.Remove(item);
        if (list.Count == 0)
            parent.Remove(name);
    }

    // The pipeline's steps before validation: decode, name and identity, default, prepare.
    private static (GroupVersionKind Kind, JsonObject Object, bool Namespaced) Prepared(JsonObject step)
    {
        var (type, @namespace) = Target((string)step["path"]!);
        var body = step["body"] is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : step["body"]!.ToJsonString();
        var @object = Decoder.Decode(Encoding.UTF8.GetBytes(body), MediaKind.Json, type.GroupVersionKind, FieldValidation.Ignore).Object;
        var strategy = Strategies.For(type.GroupVersionKind);
        var metadata = @object.Ensure("metadata");
        metadata["uid"] = Uid;
        if (@namespace is not null)
            metadata["namespace"] = @namespace;
        if ((string?)metadata["generateName"] is { Length: > 0 } prefix && metadata["name"] is null)
            metadata["name"] = prefix + "x7z9k";
        strategy.Default(@object);
        strategy.PrepareForCreate(@object);
        // What is read back has been defaulted.
        strategy.Default(@object);
        if (type.Name == "pods")
            @object.Ensure("spec").Default("serviceAccountName", "default");
        return (type.GroupVersionKind, @object, type.Namespaced);
    }

    private static IEnumerable<(string Name, JsonObject Step, JsonObject Answer)> Creations(string conversation)
    {
        var talk = Conversation.Read(conversation);
        foreach (var step in talk.Steps)
        {
            var name = (string)step["name"]!;
            if ((string?)step["method"] != "POST" || talk.Answers[name] is not JsonObject answer)
                continue;
            yield return ($"{conversation} {name}", step, answer);
        }
    }

    private static (ResourceType Type, string? Namespace) Target(string path)
    {
        var parts = path.Split('?')[0].Trim('/').Split('/');
        var (group, version, rest) = parts[0] == "api" ? ("", parts[1], parts[2..]) : (parts[1], parts[2], parts[3..]);
        var @namespace = rest is ["namespaces", _, _, ..] ? rest[1] : null;
        var name = @namespace is null ? rest[0] : rest[2];
        return (Catalog.Find(group, version, name)!, @namespace);
    }
}
