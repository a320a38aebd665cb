using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Validation;

namespace ClusterSim.Tests.Validation;

/// <summary>
/// Refusals that no recording has, for kinds that few write: the words and their order as Kubernetes' published validation has them
/// (<c>pkg/apis/storage/validation</c>, <c>networking</c>, <c>admissionregistration</c>).
/// </summary>
[TestFixture]
public sealed class PublishedRulesTests
{
    private const string Qualified = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string Subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
        + "character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private static readonly KindStrategies Strategies = new();
    private static readonly RequestDecoder Decoder = new(TypeSchema.Load());

    private static IEnumerable<TestCaseData> Refusals() =>
    [
        Refused("storage.k8s.io", "VolumeAttributesClass", """{"metadata":{"name":"x"},"driverName":"a b"}""",
            $"driverName: Invalid value: \"a b\": {Qualified}", "parameters: Required value: must contain at least one key/value pair"),
        Refused("storage.k8s.io", "StorageClass", """
            {"metadata":{"name":"x"},"provisioner":"p","parameters":{"":"x"},
             "allowedTopologies":[{"matchLabelExpressions":[{"key":"a","values":["x","x"]},{"key":"a","values":["y"]}]},{"matchLabelExpressions":[{"key":"a","values":["x","x"]},{"key":"a","values":["y"]}]}]}
            """,
            "parameters: Invalid value: \"\": field can not be empty.",
            "allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: \"x\"", "allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: \"a\"",
            "allowedTopologies[1].matchLabelExpressions[0].values[1]: Duplicate value: \"x\"", "allowedTopologies[1].matchLabelExpressions[1].key: Duplicate value: \"a\"",
            "allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\""),
        Refused("storage.k8s.io", "CSIDriver", """
            {"metadata":{"name":"x"},"spec":{"fsGroupPolicy":"x","tokenRequests":[{"audience":"a","expirationSeconds":1},{"audience":"a"}],"volumeLifecycleModes":["x"]}}
            """,
            "spec.fsGroupPolicy: Unsupported value: \"x\": supported values: \"File\", \"None\", \"ReadWriteOnceWithFSType\"",
            "spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes",
            "spec.tokenRequests[1].audience: Duplicate value: \"a\"",
            "spec.volumeLifecycleModes: Unsupported value: \"x\": supported values: \"Persistent\", \"Ephemeral\""),
        Refused("storage.k8s.io", "CSINode", """
            {"metadata":{"name":"x"},"spec":{"drivers":[{"name":"a","nodeID":"","topologyKeys":["k","k"],"allocatable":{"count":-1}},{"name":"a","nodeID":"n"}]}}
            """,
            "spec.drivers[0].nodeID: Required value", "spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0",
            "spec.drivers[0]: Duplicate value: \"k\"", "spec.drivers[1].name: Duplicate value: \"a\""),
        Refused("storage.k8s.io", "CSIStorageCapacity", """{"metadata":{"name":"x","namespace":"n"},"storageClassName":"A_","capacity":"-1","nodeTopology":{"matchLabels":{"a b":"c"}}}""",
            $"nodeTopology.matchLabels: Invalid value: \"a b\": {Qualified}", $"storageClassName: Invalid value: \"A_\": {Subdomain}",
            "capacity: Invalid value: \"-1\": must be greater than or equal to 0"),
        Refused("storage.k8s.io", "VolumeAttachment", """{"metadata":{"name":"x"},"spec":{"attacher":"","nodeName":"n","source":{}}}""",
            "spec.attacher: Required value", "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
            "spec.attacher: Required value", $"spec.attacher: Invalid value: \"\": {Subdomain}"),
        Refused("networking.k8s.io", "IPAddress", """{"metadata":{"name":"10.0.0.01"},"spec":{"parentRef":{"group":"A_","name":"a/b"}}}""",
            "metadata.name: Invalid value: \"10.0.0.01\": must not have leading 0s", $"spec.parentRef.group: Invalid value: \"A_\": {Subdomain}",
            "spec.parentRef.resource: Required value", "spec.parentRef.name: Invalid value: \"a/b\": may not contain '/'"),
        Refused("networking.k8s.io", "IPAddress", """{"metadata":{"name":"10.0.0.1"},"spec":{}}""", "spec.parentRef: Required value"),
        Refused("networking.k8s.io", "ServiceCIDR", """{"metadata":{"name":"x"},"spec":{}}""", "spec.cidrs: Required value: at least one CIDR required"),
        Refused("networking.k8s.io", "ServiceCIDR", """{"metadata":{"name":"x"},"spec":{"cidrs":["10.0.0.1/24","10.1.0.0/016"]}}""",
            "spec.cidrs[0]: Invalid value: \"10.0.0.1/24\": must not have bits set beyond the prefix length",
            "spec.cidrs[1]: Invalid value: \"10.1.0.0/016\": must not have leading 0s in IP or prefix length",
            "spec.cidrs: Invalid value: [\"10.0.0.1/24\",\"10.1.0.0/016\"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"),
        Refused("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", """
            {"metadata":{"name":"x"},"webhooks":[{"name":"a.b","clientConfig":{"url":"http://u:p@h/?q#f","service":{"name":"s","namespace":"n"}},
             "rules":[{"operations":["*","READ"],"apiGroups":[],"apiVersions":[""],"resources":["pods/*","pods/log","*","nodes"],"scope":"Bad"}],"timeoutSeconds":31,"failurePolicy":"x","admissionReviewVersions":["v2","v2"]}]}
            """,
            "webhooks[0].name: Invalid value: \"a.b\": should be a domain with at least three segments separated by dots",
            "webhooks[0].rules[0].operations: Invalid value: [\"*\",\"READ\"]: if '*' is present, must not specify other operations",
            "webhooks[0].rules[0].operations[1]: Unsupported value: \"READ\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"DELETE\", \"UPDATE\"",
            "webhooks[0].rules[0].apiGroups: Required value", "webhooks[0].rules[0].apiVersions[0]: Required value",
            "webhooks[0].rules[0].resources[1]: Invalid value: \"pods/log\": if 'pods/*' is present, must not specify pods/log",
            "webhooks[0].rules[0].resources: Invalid value: [\"pods/*\",\"pods/log\",\"*\",\"nodes\"]: if '*' is present, must not specify other resources without subresources",
            "webhooks[0].rules[0].scope: Unsupported value: \"Bad\": supported values: \"*\", \"Cluster\", \"Namespaced\"",
            "webhooks[0].failurePolicy: Unsupported value: \"x\": supported values: \"Fail\", \"Ignore\"",
            "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun",
            "webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
            "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
            "webhooks[0].admissionReviewVersions[1]: Invalid value: \"v2\": duplicate version",
            "webhooks[0].admissionReviewVersions: Invalid value: [\"v2\",\"v2\"]: must include at least one of v1, v1beta1"),
        Refused("admissionregistration.k8s.io", "MutatingWebhookConfiguration", """
            {"metadata":{"name":"x"},"webhooks":[{"name":"a.b.c","sideEffects":"None","admissionReviewVersions":["v1"],"clientConfig":{"url":"http://u@h/?q=1#f"},"reinvocationPolicy":"x","matchConditions":[{"name":"","expression":" "}]},
             {"name":"a.b.c","sideEffects":"None","admissionReviewVersions":["v1"],"clientConfig":{"service":{"name":"","namespace":"n","path":"a//b","port":0}}}]}
            """,
            "webhooks[0].reinvocationPolicy: Unsupported value: \"x\": supported values: \"IfNeeded\", \"Never\"",
            "webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
            "webhooks[0].clientConfig.url: Invalid value: \"u\": user information is not permitted in the URL",
            "webhooks[0].clientConfig.url: Invalid value: \"f\": fragments are not permitted in the URL",
            "webhooks[0].clientConfig.url: Invalid value: \"q=1\": query parameters are not permitted in the URL",
            "webhooks[0].matchConditions[0].expression: Required value", "webhooks[0].matchConditions[0].name: Required value",
            "webhooks[1].clientConfig.service.name: Required value",
            "webhooks[1].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
            "webhooks[1].clientConfig.service.path: Invalid value: \"a//b\": must start with a '/'",
            "webhooks[1].clientConfig.service.path: Invalid value: \"a//b\": segment[0] may not be empty",
            "webhooks[1].clientConfig.service.path: Invalid value: \"a//b\": segment[1] may not be empty",
            "webhooks[1].name: Duplicate value: \"a.b.c\""),
        Refused("apps", "Deployment", """
            {"metadata":{"name":"x","namespace":"n"},"spec":{"selector":{"matchLabels":{"a":"b"}},"strategy":{"type":"Bad","rollingUpdate":{"maxSurge":"x"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """,
            "spec.strategy: Unsupported value: {\"Type\":\"Bad\",\"RollingUpdate\":{\"MaxUnavailable\":0,\"MaxSurge\":\"x\"}}: supported values: \"Recreate\", \"RollingUpdate\""),
    ];

    [TestCaseSource(nameof(Refusals))]
    public void It_is_refused_in_the_published_words(string group, string kindName, string json, IReadOnlyList<string> expected)
    {
        var kind = new GroupVersionKind(group, "v1", kindName);
        var strategy = Strategies.For(kind);
        var @object = Prepared(kind, json);

        var errors = ObjectMetaValidation.ValidateCreate(@object.ToElement().At("metadata"), @object["metadata"]!["namespace"] is not null, strategy.NameRule)
            .Concat(strategy.Validate(@object.ToElement())).Select(error => $"{error.Field}: {error.Detail}");

        Assert.That(errors, Is.EqualTo(expected));
    }

    [TestCase("storage.k8s.io", "VolumeAttributesClass", """{"driverName":"d","parameters":{"a":"1"}}""", """{"driverName":"d","parameters":{"a":"2"}}""", "parameters: Forbidden: updates to parameters are forbidden.")]
    [TestCase("storage.k8s.io", "CSINode", """{"spec":{"drivers":[{"name":"a","nodeID":"n","topologyKeys":null}]}}""", """{"spec":{"drivers":[{"name":"a","nodeID":"m","topologyKeys":null,"allocatable":{"count":1}}]}}""",
        "spec.drivers: Invalid value: {\"Name\":\"a\",\"NodeID\":\"m\",\"TopologyKeys\":null,\"Allocatable\":null}: field is immutable")]
    [TestCase("storage.k8s.io", "CSINode", """{"spec":{"drivers":[{"name":"a","nodeID":"n","topologyKeys":null}]}}""", """{"spec":{"drivers":[{"name":"a","nodeID":"n","topologyKeys":null,"allocatable":{"count":1}}]}}""", null)]
    [TestCase("storage.k8s.io", "CSIStorageCapacity", """{"storageClassName":"a"}""", """{"storageClassName":"b"}""", "storageClassName: Invalid value: \"b\": field is immutable")]
    [TestCase("networking.k8s.io", "ServiceCIDR", """{"spec":{"cidrs":["10.0.0.0/24"]}}""", """{"spec":{"cidrs":["10.0.0.0/24","2001:db8::/64"]}}""", null)]
    [TestCase("networking.k8s.io", "ServiceCIDR", """{"spec":{"cidrs":["10.0.0.0/24"]}}""", """{"spec":{"cidrs":["10.0.1.0/24"]}}""", "spec.cidrs[0]: Invalid value: \"10.0.1.0/24\": field is immutable")]
    public void A_change_is_taken_or_refused_in_the_published_words(string group, string kind, string before, string after, string? expected)
    {
        var strategy = Strategies.For(new(group, "v1", kind));

        var errors = strategy.ValidateUpdate(JsonNode.Parse(after)!.AsObject().ToElement(), JsonNode.Parse(before)!.AsObject().ToElement());

        Assert.That(errors.Select(error => $"{error.Field}: {error.Detail}"), Is.EqualTo(expected is null ? [] : (string[])[expected]));
    }

    [Test]
    public void A_webhook_gets_its_defaults()
    {
        var hook = Prepared(new("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration"), """
            {"metadata":{"name":"x"},"webhooks":[{"name":"a.b.c","clientConfig":{"service":{"name":"s","namespace":"n"}},"rules":[{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"]}],"sideEffects":"None","admissionReviewVersions":["v1"]}]}
            """)["webhooks"]![0]!.AsObject();

        Assert.That(
            ((string?)hook["failurePolicy"], (string?)hook["matchPolicy"], (string?)hook["reinvocationPolicy"], (int?)hook["timeoutSeconds"], (string?)hook["rules"]![0]!["scope"],
                (int?)hook["clientConfig"]!["service"]!["port"], hook["namespaceSelector"]!.ToJsonString()),
            Is.EqualTo(("Fail", "Equivalent", "Never", 10, "*", 443, "{}")));
    }

    /// <summary>Every kind that people write in these groups has rules of its own.</summary>
    [Test]
    public void Every_kind_of_the_groups_that_people_write_has_its_rules()
    {
        string[] groups = ["", "apps", "batch", "networking.k8s.io", "policy", "autoscaling", "rbac.authorization.k8s.io", "storage.k8s.io", "scheduling.k8s.io"];
        var ruled = RuledKinds.Of(Strategies).Select(kind => (kind.Group, kind.Kind)).ToHashSet();

        var without = new ResourceCatalog().All
            .Where(type => groups.Contains(type.Group) && type.Verbs.Contains("create") && !ruled.Contains((type.Group, type.Kind)))
            .Select(type => $"{type.Group}/{type.Kind}").Distinct();

        Assert.That(without, Is.Empty);
    }

    private static TestCaseData Refused(string group, string kind, string json, params string[] expected) =>
        new TestCaseData(group, kind, json, expected).SetArgDisplayNames(kind, expected[0].Split(':')[0]);

    private static JsonObject Prepared(GroupVersionKind kind, string json)
    {
        var @object = Decoder.Decode(Encoding.UTF8.GetBytes(json), MediaKind.Json, kind, FieldValidation.Strict).Object;
        Strategies.For(kind).Default(@object);
        return @object;
    }
}
