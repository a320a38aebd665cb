using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Validation;

namespace ClusterSim.Tests.Validation;

/// <summary>What may not change, and how a change is prepared; the words are recorded ones where a recording has them.</summary>
[TestFixture]
public sealed class ValidationOfChangesTests
{
    private const string Deployment = """
        {"metadata":{"name":"web","namespace":"n"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
        "spec":{"containers":[{"name":"main","image":"invoice-app:1.0","ports":[{"containerPort":8081,"name":"http"}],
        "env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}],
        "readinessProbe":{"httpGet":{"path":"/readiness","port":"http"}},"livenessProbe":{"httpGet":{"path":"/liveness","port":"http"}},
        "resources":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"memory":"128Mi"}},
        "securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true},
        "volumeMounts":[{"name":"tmp","mountPath":"/tmp"}]}],"volumes":[{"name":"tmp","emptyDir":{}}]}}}}
        """;

    private const string Pod = """{"metadata":{"name":"p","namespace":"n"},"spec":{"serviceAccountName":"default","containers":[{"name":"main","image":"a:1"}]}}""";

    private static readonly KindStrategies Strategies = new();
    private static readonly RequestDecoder Decoder = new(TypeSchema.Load());

    [Test]
    public void A_deployments_selector_is_immutable() => Refused(
        new("apps", "v1", "Deployment"), Deployment, """{"spec":{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}}}}}""",
        "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"x\"}}: field is immutable");

    [Test]
    public void An_immutable_config_map_keeps_its_data() => Refused(
        new("", "v1", "ConfigMap"), """{"metadata":{"name":"c","namespace":"n"},"data":{"k":"1"},"immutable":true}""", """{"data":{"k":"2"}}""",
        "data: Forbidden: field is immutable when `immutable` is set");

    [Test]
    public void A_secrets_type_is_immutable_and_the_new_types_keys_are_asked_for() => Refused(
        new("", "v1", "Secret"), """{"metadata":{"name":"s","namespace":"n"},"stringData":{"a":"b"}}""", """{"type":"kubernetes.io/tls"}""",
        "type: Invalid value: \"kubernetes.io/tls\": field is immutable", "data[tls.crt]: Required value", "data[tls.key]: Required value");

    [Test]
    public void A_services_address_stays() => Refused(
        new("", "v1", "Service"),
        """{"metadata":{"name":"s","namespace":"n"},"spec":{"clusterIP":"10.43.0.7","clusterIPs":["10.43.0.7"],"ports":[{"port":80}]}}""",
        """{"spec":{"clusterIP":"10.43.255.250"}}""", "spec.clusterIPs[0]: Invalid value: [\"10.43.255.250\"]: may not change once set");

    [Test]
    public void A_bindings_role_is_fixed() => Refused(
        new("rbac.authorization.k8s.io", "v1", "RoleBinding"),
        """{"metadata":{"name":"b","namespace":"n"},"roleRef":{"kind":"Role","name":"pods"}}""", """{"roleRef":{"kind":"ClusterRole","name":"admin"}}""",
        "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"ClusterRole\",\"Name\":\"admin\"}: cannot change roleRef");

    [Test]
    public void A_pods_image_may_change() =>
        Assert.That(Changed(new("", "v1", "Pod"), Pod, """{"spec":{"containers":[{"name":"main","image":"a:2"}]}}""").Errors, Is.Empty);

    [Test]
    public void A_pods_command_may_not_change()
    {
        var (errors, _) = Changed(new("", "v1", "Pod"), Pod, """{"spec":{"containers":[{"name":"main","image":"a:1","command":["x"]}]}}""");

        Assert.That(errors, Has.Count.EqualTo(1));
        Assert.That(errors[0].Field, Is.EqualTo("spec"));
        Assert.That(errors[0].Detail, Does.StartWith("Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"));
    }

    [Test]
    public void A_jobs_template_is_immutable()
    {
        const string Job = """{"metadata":{"name":"j","namespace":"n"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i:1"}]}}}}""";

        var (errors, _) = Changed(new("batch", "v1", "Job"), Job, """{"spec":{"template":{"spec":{"activeDeadlineSeconds":5}}}}""");

        Assert.That(errors.Select(error => error.Field), Is.EqualTo(new[] { "spec.template" }));
        Assert.That(errors[0].Detail, Does.EndWith(": field is immutable"));
    }

    [Test]
    public void A_daemon_set_counts_the_changes_of_its_template()
    {
        const string Set = """
            {"metadata":{"name":"d","namespace":"n"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
            "spec":{"containers":[{"name":"c","image":"i:1"}]}}}}
            """;

        var (errors, changed) = Changed(new("apps", "v1", "DaemonSet"), Set, """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i:2"}]}}}}""");

        Assert.That(errors, Is.Empty);
        Assert.That((string?)changed["metadata"]!["annotations"]!["deprecated.daemonset.template.generation"], Is.EqualTo("2"));
    }

    [TestCase("* * * * *", null)]
    [TestCase("@hourly", null)]
    [TestCase("0 9-17/2 1,15 jan-mar mon-fri", null)]
    [TestCase("60 * * * *", "end of range (60) above maximum (59): 60")]
    [TestCase("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3")]
    [TestCase("*/0 * * * *", "step of range should be a positive number: */0")]
    [TestCase("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax")]
    [TestCase("@often", "unrecognized descriptor: @often")]
    [TestCase("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]
    [TestCase("@every 10", "failed to parse duration @every 10: time: missing unit in duration \"10\"")]
    public void A_schedule_is_read_as_cron_reads_it(string schedule, string? fault)
    {
        if (fault is null)
            Assert.That(() => CronParser.ParseStandard(schedule), Throws.Nothing);
        else
            Assert.That(() => CronParser.ParseStandard(schedule), Throws.TypeOf<FormatException>().With.Message.EqualTo(fault));
    }

    [TestCaseSource(nameof(Writable))]
    public void Defaults_set_nothing_the_second_time(string group, string version, string kind)
    {
        var strategy = Strategies.For(new(group, version, kind));
        var @object = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" } };
        strategy.Default(@object);
        var once = @object.ToJsonString();

        strategy.Default(@object);

        Assert.That(@object.ToJsonString(), Is.EqualTo(once));
    }

    [TestCaseSource(nameof(Writable))]
    public void An_empty_object_is_judged_without_failing(string group, string version, string kind)
    {
        var strategy = Strategies.For(new(group, version, kind));
        var @object = new JsonObject();
        var raw = @object.ToElement();
        strategy.Default(@object);
        strategy.PrepareForCreate(@object);
        var prepared = @object.ToElement();

        Assert.That(() => strategy.Validate(raw).Concat(strategy.ValidateUpdate(raw, prepared)).Concat(strategy.ValidateUpdate(prepared, raw))
            .Concat(strategy.ValidateStatusUpdate(prepared, raw)).Select(error => error.ToString())
            .Concat(strategy.Warnings(prepared, default)).ToList(), Throws.Nothing);
    }

    [Test]
    [Explicit("a measurement: run it alone")]
    public void A_deployment_is_validated_in_30_microseconds()
    {
        var kind = new GroupVersionKind("apps", "v1", "Deployment");
        var strategy = Strategies.For(kind);
        var element = Created(kind, Deployment).ToElement();
        const int Rounds = 50_000;
        for (var i = 0; i < Rounds; i++)
            Judge();
        // Of the processor, not of the clock: the machine may be shared.
        var before = Environment.CpuUsage.UserTime;
        for (var i = 0; i < Rounds; i++)
            Judge();
        var microseconds = (Environment.CpuUsage.UserTime - before).TotalMicroseconds / Rounds;

        TestContext.Out.WriteLine($"{microseconds:F1} µs");
        Assert.That(microseconds, Is.LessThan(30));

        void Judge()
        {
            if (strategy.Validate(element).Concat(ObjectMetaValidation.ValidateCreate(element.At("metadata"), true, strategy.NameRule)).Any())
                throw new InvalidOperationException("it is valid");
        }
    }

    private static IEnumerable<TestCaseData> Writable() => RuledKinds.Of(Strategies).Select(kind => new TestCaseData(kind.Group, kind.Version, kind.Kind));

    private static void Refused(GroupVersionKind kind, string created, string patch, params string[] told)
    {
        Assert.That(Changed(kind, created, patch).Errors.Select(error => error.ToString()), Is.EqualTo(told));
    }

    private static (List<FieldError> Errors, JsonObject Changed) Changed(GroupVersionKind kind, string created, string patch)
    {
        var strategy = Strategies.For(kind);
        var old = Created(kind, created).ToElement();
        var changed = old.ToObject();
        Merge(changed, JsonNode.Parse(patch)!.AsObject());
        strategy.Default(changed);
        strategy.PrepareForUpdate(changed, old);
        var element = changed.ToElement();
        return ([.. ObjectMetaValidation.ValidateUpdate(element.At("metadata"), old.At("metadata")), .. strategy.ValidateUpdate(element, old)], changed);
    }

    private static JsonObject Created(GroupVersionKind kind, string json)
    {
        var strategy = Strategies.For(kind);
        var body = JsonNode.Parse(json)!.AsObject();
        body["apiVersion"] = kind.GroupVersion.ToString();
        body["kind"] = kind.Kind;
        body["metadata"]!["uid"] = "01234567-89ab-cdef-0123-456789abcdef";
        var @object = Decoder.Decode(Encoding.UTF8.GetBytes(body.ToJsonString()), MediaKind.Json, kind, FieldValidation.Strict).Object;
        strategy.Default(@object);
        strategy.PrepareForCreate(@object);
        strategy.Default(@object);
        return @object;
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject fields && target[name] is JsonObject inner)
                Merge(inner, fields);
            else
                target[name] = value.DeepClone();
    }
}
