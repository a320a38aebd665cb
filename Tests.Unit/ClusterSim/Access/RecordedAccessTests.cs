using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Admission.Quota;
using ClusterSim.Http;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Tests.Access;

/// <summary>
/// Two conversations with a real Kubernetes, asked of the API server without HTTP. Refusals, warnings and reviews must match word for word.
/// Of objects that are stored, what access and admission put into them must; their defaults are the business of their kinds' own tests.
/// </summary>
internal sealed class RecordedAccessTests
{
    // A rule of the kind, not of access: held by the kind's own tests.
    private static readonly string[] OfValidation = ["22 roleRef is fixed"];

    // What admission fills into a pod.
    private static readonly string[] PodFields =
        ["volumes", "tolerations", "priority", "preemptionPolicy", "serviceAccount", "serviceAccountName"];

    private static readonly HashSet<string> Masked = new(StringComparer.Ordinal)
    {
        "uid", "resourceVersion", "creationTimestamp", "time", "token", "expirationTimestamp",
    };

    [TestCase("09-access")]
    [TestCase("10-admission")]
    public void What_a_real_cluster_answered_is_answered(string conversation)
    {
        using var cluster = new AccessCluster();
        var asked = Read($"fidelity/{conversation}.json");
        var answers = Read($"fidelity/{conversation}.answers.json");
        var compared = 0;

        Assert.Multiple(() =>
        {
            foreach (var step in asked.At("steps").Items())
            {
                var name = step.At("name").Text("");
                if (OfValidation.Contains(name))
                    continue;
                var want = answers.At(name);
                var (status, body, warnings) = Ask(cluster, step);
                Assert.That(status, Is.EqualTo(want.At("status").Integer(0)), $"{name}: {body.ToJsonString()}");
                Assert.That(warnings, Is.EqualTo(want.At("warnings").Items().Select(item => item.Text("").Replace("\\\"", "\"", StringComparison.Ordinal))), name);
                Compare(name, step, Mask(want.At("body").ToNode()) as JsonObject ?? [], Mask(body) as JsonObject ?? []);
                compared++;
            }
        });

        Assert.That(compared, Is.GreaterThanOrEqualTo(16));
    }

    private static void Compare(string name, JsonElement step, JsonObject want, JsonObject got)
    {
        foreach (var ignored in step.At("ignore").Items().Select(item => item.Text("")))
            foreach (var side in (JsonObject[])[want, got])
            {
                JsonNode? holder = side;
                var path = ignored.Split('.');
                foreach (var part in path[..^1])
                    holder = (holder as JsonObject)?[part];
                (holder as JsonObject)?.Remove(path[^1]);
            }
        var kind = want.Text("kind");
        if (kind is "Status" or "TokenRequest" or "TokenReview" or "SelfSubjectReview" or "ClusterRole" or "ResourceQuota" || kind!.EndsWith("AccessReview", StringComparison.Ordinal) || kind == "SelfSubjectRulesReview")
        {
            if (kind == "ResourceQuota" && want["status"] is not JsonObject { Count: > 0 })
                return;
            foreach (var field in want.Select(pair => pair.Key).Union(got.Select(pair => pair.Key), StringComparer.Ordinal).Where(field => kind != "ResourceQuota" || field == "status"))
                Assert.That(Canonical(got[field]), Is.EqualTo(Canonical(want[field])), $"{name}: {field}");
        }
        else if (kind == "Pod")
        {
            foreach (var field in PodFields)
                Assert.That(Canonical(got["spec"]![field]), Is.EqualTo(Canonical(want["spec"]![field])), $"{name}: spec.{field}");
            Assert.That(Canonical(got["spec"]!["containers"]![0]!["volumeMounts"]), Is.EqualTo(Canonical(want["spec"]!["containers"]![0]!["volumeMounts"])), name);
        }
        else if (kind == "Namespace" && want["metadata"]?["labels"] is { } labels)
        {
            Assert.That(Canonical(got["metadata"]!["labels"]), Is.EqualTo(Canonical(labels)), name);
        }
    }

    private static (int Status, JsonObject Body, IReadOnlyList<string> Warnings) Ask(AccessCluster cluster, JsonElement step)
    {
        try
        {
            var url = step.At("path").Text("").Split('?');
            Assert.That(RequestInfo.TryParse(url[0], out var path), Is.True, url[0]);
            var resource = cluster.Server.Catalog.Find(path.Group, path.Version, path.Resource)!;
            var headers = new HeaderDictionary { ["Impersonate-User"] = step.At("as").Text("") };
            headers["Impersonate-Group"] = step.At("groups").Items().Select(item => item.Text("")).ToArray();
            var user = Impersonation.Resolve(AccessCluster.User("admin", UserInfo.Masters), headers, cluster.Access.Authorizer);
            var target = new RequestTarget(user, resource, path.Namespace, path.Name, path.Subresource);
            var options = new WriteOptions { FieldManager = "unknown", DryRun = url is [_, "dryRun=All"] };
            switch (step.At("method").Text())
            {
                case "POST":
                    var made = cluster.Server.Create(target, step.At("body").ToObject(), options);
                    if (resource.Name == "namespaces" && made.Code == 201)
                        AccessCluster.Create(cluster.Admin, """{"apiVersion":"v1","kind":"ServiceAccount"}""", made.Object.Name, "default");
                    return (made.Code, made.Answer ?? made.Object.ToObject(), made.Warnings);
                case "DELETE":
                    var gone = cluster.Server.Delete(target, DeleteOptions.None);
                    return (gone.Code, gone.Answer ?? gone.Object.ToObject(), gone.Warnings);
                case "GET" when path.Name is null:
                    var list = cluster.Server.List(target, ListOptions.All);
                    return (200, new JsonObject { ["kind"] = resource.Kind + "List", ["items"] = new JsonArray([.. list.Items.Select(item => item.ToObject())]) }, []);
                case "GET":
                    var found = cluster.Server.Get(target).ToObject();
                    if (resource.Name == "resourcequotas")
                        found["status"] = Quota(cluster, path.Namespace!, path.Name);
                    return (200, found, []);
                default:
                    throw new NotSupportedException(step.At("method").Text());
            }
        }
        catch (KubernetesApiException refusal)
        {
            return (refusal.Code, refusal.ToStatus(), []);
        }
    }

    // What the quota controller writes into the status.
    private static JsonObject Quota(AccessCluster cluster, string @namespace, string name)
    {
        var quota = cluster.Store.Find(new("", "resourcequotas"), new(@namespace, name))!;
        return new JsonObject
        {
            ["hard"] = quota.Spec.At("hard").ToNode(),
            ["used"] = new JsonObject(new QuotaUsage(cluster.Store).Used(quota).Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value.ToString()))),
        };
    }

    private static JsonNode? Mask(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                return new JsonObject(map.Select(field => KeyValuePair.Create(
                    field.Key, field.Value is JsonValue && Masked.Contains(field.Key) ? $"<{field.Key}>" : Mask(field.Value))));
            case JsonArray list:
                return new JsonArray([.. list.Select(Mask)]);
            case JsonValue value when value.TryGetValue<string>(out var text):
                return Regex.Replace(text, @"\bkube-api-access-(<suffix>|[a-z0-9]{5})", "kube-api-access-<suffix>", RegexOptions.None, TimeSpan.FromSeconds(1));
            default:
                return node?.DeepClone();
        }
    }

    // The same document whatever the order of its fields.
    private static string Canonical(JsonNode? node) => node switch
    {
        JsonObject map => $"{{{string.Join(",", map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"\"{field.Key}\":{Canonical(field.Value)}"))}}}",
        JsonArray list => $"[{string.Join(",", list.Select(Canonical))}]",
        null => "null",
        _ => node.ToJsonString().ToString(CultureInfo.InvariantCulture),
    };

    private static JsonElement Read(string resource)
    {
        using var stream = typeof(RecordedAccessTests).Assembly.GetManifestResourceStream(resource) ?? throw new FileNotFoundException(resource);
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
