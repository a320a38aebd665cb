using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>
/// The life of an object of every kind, as Kubernetes' conformance tests lead it kind by kind (ConfigMap lifecycle, CronJob API operations,
/// RuntimeClass API and forty more): created, read, listed by label here and everywhere, patched, replaced, its status patched and replaced,
/// scaled, deleted, deleted by the collection, all of it watched.
/// </summary>
public sealed class KindOperationTests
{
    private const string Label = "labelSelector=life%3Dled";
    private const string Pod = "\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"pause\"}]}}";
    private const string Selected = "\"selector\":{\"matchLabels\":{\"a\":\"b\"}}";
    private const string JobTemplate = "\"template\":{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"pause\"}]}}";

    // What a kind needs beside its metadata; {n} is the number of the object.
    private static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["configmaps"] = "\"data\":{\"k\":\"v\"}",
        ["endpoints"] = "\"subsets\":[{\"addresses\":[{\"ip\":\"10.0.0.24\"}],\"ports\":[{\"name\":\"http\",\"port\":80}]}]",
        ["events"] = "\"involvedObject\":{\"namespace\":\"default\",\"kind\":\"Pod\",\"name\":\"p\"},\"reason\":\"Test\",\"message\":\"m\",\"type\":\"Normal\"",
        ["limitranges"] = "\"spec\":{\"limits\":[{\"type\":\"Container\",\"max\":{\"cpu\":\"900\"}}]}",
        ["nodes"] = "\"spec\":{\"unschedulable\":true}",
        ["persistentvolumeclaims"] = "\"spec\":{\"storageClassName\":\"none\",\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}",
        ["persistentvolumes"] = "\"spec\":{\"storageClassName\":\"none\",\"capacity\":{\"storage\":\"1Gi\"},\"accessModes\":[\"ReadWriteOnce\"],\"hostPath\":{\"path\":\"/tmp/{n}\"}}",
        ["pods"] = "\"spec\":{\"nodeSelector\":{\"no\":\"where\"},\"containers\":[{\"name\":\"c\",\"image\":\"pause\"}]}",
        ["podtemplates"] = Pod,
        ["replicationcontrollers"] = "\"spec\":{\"replicas\":0,\"selector\":{\"a\":\"b\"}," + Pod + "}",
        ["resourcequotas"] = "\"spec\":{\"hard\":{\"count/jobs.batch\":\"900\"}}",
        ["secrets"] = "\"stringData\":{\"k\":\"v\"}",
        ["serviceaccounts"] = "\"automountServiceAccountToken\":false",
        ["services"] = "\"spec\":{\"ports\":[{\"port\":80}]}",
        ["apiservices"] = "\"spec\":{\"group\":\"g{n}.example.com\",\"version\":\"v1\",\"groupPriorityMinimum\":10,\"versionPriority\":10,\"insecureSkipTLSVerify\":true,\"service\":{\"namespace\":\"default\",\"name\":\"s\"}}",
        ["controllerrevisions"] = "\"revision\":1,\"data\":{\"k\":\"v\"}",
        ["daemonsets"] = "\"spec\":{" + Selected + "," + Pod + "}",
        ["deployments"] = "\"spec\":{\"replicas\":0," + Selected + "," + Pod + "}",
        ["replicasets"] = "\"spec\":{\"replicas\":0," + Selected + "," + Pod + "}",
        ["statefulsets"] = "\"spec\":{\"replicas\":0,\"serviceName\":\"s\"," + Selected + "," + Pod + "}",
        ["horizontalpodautoscalers"] = "\"spec\":{\"scaleTargetRef\":{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"none\"},\"maxReplicas\":2}",
        ["cronjobs"] = "\"spec\":{\"suspend\":true,\"schedule\":\"* * * * *\",\"jobTemplate\":{\"spec\":{" + JobTemplate + "}}}",
        ["jobs"] = "\"spec\":{\"suspend\":true," + JobTemplate + "}",
        ["leases"] = "\"spec\":{\"holderIdentity\":\"h\",\"leaseDurationSeconds\":30}",
        ["endpointslices"] = "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":[\"10.1.2.3\"]}],\"ports\":[{\"name\":\"p\",\"port\":80}]",
        ["ingressclasses"] = "\"spec\":{\"controller\":\"example.com/controller\"}",
        ["ingresses"] = "\"spec\":{\"defaultBackend\":{\"service\":{\"name\":\"s\",\"port\":{\"number\":80}}}}",
        ["networkpolicies"] = "\"spec\":{\"podSelector\":{}}",
        ["runtimeclasses"] = "\"handler\":\"runc\"",
        ["poddisruptionbudgets"] = "\"spec\":{\"minAvailable\":1," + Selected + "}",
        ["clusterroles"] = "\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],\"verbs\":[\"get\"]}]",
        ["roles"] = "\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],\"verbs\":[\"get\"]}]",
        ["clusterrolebindings"] = "\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\",\"name\":\"view\"}",
        ["rolebindings"] = "\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\",\"name\":\"view\"}",
        ["priorityclasses"] = "\"value\":{n}",
        ["csidrivers"] = "\"spec\":{\"attachRequired\":true}",
        ["csinodes"] = "\"spec\":{\"drivers\":[{\"name\":\"d\",\"nodeID\":\"n\"}]}",
        ["csistoragecapacities"] = "\"storageClassName\":\"none\"",
        ["storageclasses"] = "\"provisioner\":\"example.com/none\"",
        ["volumeattachments"] = "\"spec\":{\"attacher\":\"a\",\"nodeName\":\"n\",\"source\":{\"persistentVolumeName\":\"p\"}}",
        ["flowschemas"] = "\"spec\":{\"matchingPrecedence\":10000,\"priorityLevelConfiguration\":{\"name\":\"global-default\"}}",
        ["prioritylevelconfigurations"] = "\"spec\":{\"type\":\"Limited\",\"limited\":{\"nominalConcurrencyShares\":2,\"limitResponse\":{\"type\":\"Reject\"}}}",
        ["validatingadmissionpolicies"] = "\"spec\":{\"validations\":[{\"expression\":\"true\"}],\"matchConstraints\":{\"resourceRules\":[{\"apiGroups\":[\"\"],\"apiVersions\":[\"v1\"],\"operations\":[\"CREATE\"],\"resources\":[\"pods\"]}]}}",
        ["validatingadmissionpolicybindings"] = "\"spec\":{\"policyName\":\"p\",\"validationActions\":[\"Deny\"]}",
        ["mutatingadmissionpolicies"] = "\"spec\":{\"reinvocationPolicy\":\"Never\",\"mutations\":[{\"patchType\":\"JSONPatch\",\"jsonPatch\":{\"expression\":\"[]\"}}],\"matchConstraints\":{\"resourceRules\":[{\"apiGroups\":[\"\"],\"apiVersions\":[\"v1\"],\"operations\":[\"CREATE\"],\"resources\":[\"pods\"]}]}}",
        ["mutatingadmissionpolicybindings"] = "\"spec\":{\"policyName\":\"p\"}",
        ["ipaddresses"] = "\"spec\":{\"parentRef\":{\"resource\":\"services\",\"namespace\":\"default\",\"name\":\"s\"}}",
        ["servicecidrs"] = "\"spec\":{\"cidrs\":[\"10.20{n}.0.0/16\"]}",
        ["deviceclasses"] = "\"spec\":{}",
        ["resourceclaims"] = "\"spec\":{\"devices\":{\"requests\":[{\"name\":\"r\",\"exactly\":{\"deviceClassName\":\"d\"}}]}}",
        ["resourceclaimtemplates"] = "\"spec\":{\"spec\":{\"devices\":{\"requests\":[{\"name\":\"r\",\"exactly\":{\"deviceClassName\":\"d\"}}]}}}",
        ["resourceslices"] = "\"spec\":{\"nodeName\":\"n\",\"driver\":\"example.com\",\"pool\":{\"name\":\"p\",\"generation\":1,\"resourceSliceCount\":1},\"devices\":[{\"name\":\"d\"}]}",
        ["volumeattributesclasses"] = "\"driverName\":\"example.com\",\"parameters\":{\"k\":\"v\"}",
        ["validatingwebhookconfigurations"] = "\"webhooks\":[]",
        ["mutatingwebhookconfigurations"] = "\"webhooks\":[]",
        ["certificatesigningrequests"] = "\"spec\":{\"request\":\"" + AuthorizationTests.Request() + "\",\"signerName\":\"example.com/e2e\",\"usages\":[\"client auth\"]}",
    };

    // Which a client finds at the server; a definition's own life is in Extensions/DefinitionTests and CustomResourceTests, a namespace's in ApiMachineryTests.
    private static readonly string[] Elsewhere = ["namespaces", "customresourcedefinitions"];

    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _api = await CustomCluster.StartAsync();
        await _api.UntilAsync("/api/v1/namespaces/default/serviceaccounts/default", answer => answer.Code == 200);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    private static IEnumerable<string> Kinds() => Fields.Keys;

    [Test]
    public async Task No_kind_is_left_out()
    {
        var watched = new HashSet<string>(StringComparer.Ordinal);
        foreach (var version in await VersionsAsync())
            watched.UnionWith((await ResourcesAsync(version)).Where(one => one["verbs"]!.AsArray().Any(verb => (string?)verb == "watch")).Select(one => (string)one["name"]!));

        Assert.That(watched.Except(Elsewhere), Is.EquivalentTo(Fields.Keys));
    }

    [TestCaseSource(nameof(Kinds))]
    public async Task An_object_of_every_kind_lives_through_every_operation(string resource)
    {
        var (version, kind, namespaced) = await FindAsync(resource);
        var subresources = (await ResourcesAsync(version)).Select(one => (string)one["name"]!).Where(name => name.StartsWith(resource + "/", StringComparison.Ordinal)).ToList();
        var root = version == "v1" ? "/api/v1" : $"/apis/{version}";
        var path = namespaced ? $"{root}/namespaces/default/{resource}" : $"{root}/{resource}";
        var start = (string)(await _api.GetAsync(path)).Body!["metadata"]!["resourceVersion"]!;
        for (var i = 1; i <= 3; i++)
        {
            var body = $$$"""{"apiVersion":"{{{version}}}","kind":"{{{kind}}}","metadata":{"name":"{{{Name(resource, i)}}}","labels":{"life":"led"}},{{{Fields[resource].Replace("{n}", $"{i}", StringComparison.Ordinal)}}}}""";
            var made = await _api.PostAsync(path, body);
            Assert.That(made.Code, Is.EqualTo(201), made.ToString());
            Assert.That((await _api.PostAsync(path, body)).Code, Is.EqualTo(409));
        }
        Assert.That((await _api.GetAsync($"{path}?{Label}")).Body!["items"]!.AsArray(), Has.Count.EqualTo(3));
        Assert.That((await _api.GetAsync($"{root}/{resource}?{Label}")).Body!["items"]!.AsArray(), Has.Count.EqualTo(3));

        var first = $"{path}/{Name(resource, 1)}";
        Assert.That((string?)(await _api.MergeAsync(first, """{"metadata":{"labels":{"patched":"yes"}}}""")).Body!["metadata"]!["labels"]!["patched"], Is.EqualTo("yes"));
        await ReplaceAsync(first, live => live["metadata"]!["labels"]!["replaced"] = "yes");
        var labels = (await _api.GetAsync(first)).Body!["metadata"]!["labels"]!;
        Assert.That($"{labels["patched"]} {labels["replaced"]}", Is.EqualTo("yes yes"));
        if (subresources.Contains($"{resource}/status"))
            await StatusAsync(first);
        if (subresources.Contains($"{resource}/scale"))
            await ScaleAsync(first);

        await DeleteAsync(first);
        await _api.UntilAsync(first, answer => answer.Code == 404);
        await DeleteAsync($"{path}?{Label}");
        await _api.UntilAsync($"{path}?{Label}", answer => answer.Body!["items"]!.AsArray().Count == 0);

        var told = await ToldAsync($"{path}?watch=true&timeoutSeconds=30&resourceVersion={start}&{Label}", deletions: 3);
        Assert.Multiple(() =>
        {
            Assert.That(told.Where(one => one.StartsWith("ADDED", StringComparison.Ordinal)), Is.EqualTo(Enumerable.Range(1, 3).Select(i => $"ADDED {Name(resource, i)}")));
            Assert.That(told, Does.Contain($"MODIFIED {Name(resource, 1)}"));
            Assert.That(told.Where(one => one.StartsWith("DELETED", StringComparison.Ordinal)), Is.EquivalentTo(Enumerable.Range(1, 3).Select(i => $"DELETED {Name(resource, i)}")));
        });
    }

    [Test]
    public async Task A_priority_class_keeps_its_value_and_may_be_described_anew()
    {
        const string path = "/apis/scheduling.k8s.io/v1/priorityclasses";
        var made = (await _api.PostAsync(path, """{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","metadata":{"name":"fixed"},"value":1}""")).Body!;
        Assert.That((await _api.MergeAsync($"{path}/fixed", """{"value":10}""")).Code, Is.EqualTo(422));
        made["value"] = 10;
        Assert.That((await _api.PutAsync($"{path}/fixed", made)).Code, Is.EqualTo(422));

        Assert.That((await _api.MergeAsync($"{path}/fixed", """{"description":"first"}""")).Code, Is.EqualTo(200));
        await ReplaceAsync($"{path}/fixed", live => live["description"] = "second");

        var now = (await _api.GetAsync($"{path}/fixed")).Body!;
        Assert.That($"{now["value"]} {now["description"]}", Is.EqualTo("1 second"));
        await DeleteAsync($"{path}/fixed");
    }

    [TestCase("configmaps", "ConfigMap")]
    [TestCase("secrets", "Secret")]
    public async Task Data_under_an_empty_key_is_refused(string resource, string kind)
    {
        var answer = await _api.PostAsync($"/api/v1/namespaces/default/{resource}", $$$"""{"apiVersion":"v1","kind":"{{{kind}}}","metadata":{"name":"keyless"},"data":{"":"dmFsdWU="}}""");

        Assert.That(answer.Code, Is.EqualTo(422), answer.ToString());
    }

    [TestCase("ConfigMap")]
    [TestCase("Secret")]
    public async Task What_is_immutable_stays_as_it_is(string kind)
    {
        var path = $"/api/v1/namespaces/default/{kind.ToLowerInvariant()}s";
        Assert.That((await _api.PostAsync(path, $$$"""{"apiVersion":"v1","kind":"{{{kind}}}","metadata":{"name":"fixed"},"data":{"k":"dmFsdWU="}}""")).Code, Is.EqualTo(201));
        Assert.That((await _api.MergeAsync($"{path}/fixed", """{"data":{"k":"dmFsdWUy"},"immutable":true}""")).Code, Is.EqualTo(200));

        Assert.That((await _api.MergeAsync($"{path}/fixed", """{"data":{"k":"dmFsdWUz"}}""")).Code, Is.EqualTo(422));
        Assert.That((await _api.MergeAsync($"{path}/fixed", """{"immutable":false}""")).Code, Is.EqualTo(422));
        Assert.That((await _api.MergeAsync($"{path}/fixed", """{"metadata":{"labels":{"a":"b"}}}""")).Code, Is.EqualTo(200));
        await DeleteAsync($"{path}/fixed");
    }

    /// <summary>What a watch tells until so many objects are gone, or the server ends it.</summary>
    private async Task<List<string>> ToldAsync(string path, int deletions)
    {
        using var answer = await _api.Client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var told = new List<string>();
        while (told.Count(one => one.StartsWith("DELETED", StringComparison.Ordinal)) < deletions && await lines.ReadLineAsync() is { } line)
        {
            var one = JsonNode.Parse(line)!;
            told.Add($"{one["type"]} {one["object"]!["metadata"]!["name"]}");
        }
        return told;
    }

    private async Task StatusAsync(string path)
    {
        Assert.That((await _api.GetAsync($"{path}/status")).Code, Is.EqualTo(200));
        var patched = await _api.MergeAsync($"{path}/status", """{"metadata":{"annotations":{"patchedstatus":"yes"}}}""");
        Assert.That((string?)patched.Body!["metadata"]?["annotations"]?["patchedstatus"], Is.EqualTo("yes"), patched.ToString());
        var before = (await _api.GetAsync(path)).Body!["spec"]?.ToJsonString();
        await ReplaceAsync($"{path}/status", live => live["metadata"]!["annotations"]!["replacedstatus"] = "yes");
        Assert.That((await _api.GetAsync(path)).Body!["spec"]?.ToJsonString(), Is.EqualTo(before), "the status is not the spec");
    }

    private async Task ScaleAsync(string path)
    {
        Assert.That((int?)(await _api.GetAsync($"{path}/scale")).Body!["spec"]!["replicas"] ?? 0, Is.Zero);
        await ReplaceAsync($"{path}/scale", live => live["spec"] = new JsonObject { ["replicas"] = 1 });
        Assert.That((int?)(await _api.GetAsync(path)).Body!["spec"]!["replicas"], Is.EqualTo(1));
        var patched = await _api.MergeAsync($"{path}/scale", """{"spec":{"replicas":2}}""");
        Assert.That((string?)patched.Body!["kind"], Is.EqualTo("Scale"), patched.ToString());
        Assert.That((int?)(await _api.GetAsync(path)).Body!["spec"]!["replicas"], Is.EqualTo(2));
    }

    /// <summary>Reads, changes and writes, again where a controller wrote in between.</summary>
    private async Task ReplaceAsync(string path, Action<JsonNode> change)
    {
        Answer answer;
        var tries = 0;
        do
        {
            var live = (await _api.GetAsync(path)).Body!;
            change(live);
            answer = await _api.PutAsync(path, live);
        }
        while (answer.Code == 409 && ++tries < 100);
        Assert.That(answer.Code, Is.EqualTo(200), answer.ToString());
    }

    private async Task DeleteAsync(string path)
    {
        var answer = await _api.SendAsync("DELETE", path, """{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"propagationPolicy":"Background"}""");
        Assert.That(answer.Code, Is.EqualTo(200), answer.ToString());
    }

    private static string Name(string resource, int number) => resource switch
    {
        "apiservices" => $"v1.g{number}.example.com",
        "ipaddresses" => $"10.96.77.{number}",
        _ => $"life-{number}",
    };

    private async Task<(string Version, string Kind, bool Namespaced)> FindAsync(string resource)
    {
        foreach (var version in await VersionsAsync())
            if ((await ResourcesAsync(version)).FirstOrDefault(one => (string?)one["name"] == resource) is { } found)
                return (version, (string)found["kind"]!, (bool)found["namespaced"]!);
        throw new AssertionException($"no version serves {resource}");
    }

    private async Task<List<string>> VersionsAsync() =>
        ["v1", .. (await _api.GetAsync("/apis")).Body!["groups"]!.AsArray().Select(group => (string)group!["preferredVersion"]!["groupVersion"]!)];

    private async Task<List<JsonNode>> ResourcesAsync(string version) =>
        [.. (await _api.GetAsync(version == "v1" ? "/api/v1" : $"/apis/{version}")).Body!["resources"]!.AsArray().Select(one => one!)];
}
