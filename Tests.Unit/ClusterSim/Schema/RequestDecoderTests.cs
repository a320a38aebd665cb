using System.Text;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Tests.Fidelity;
using FsCheck;
using FsCheck.Fluent;

namespace ClusterSim.Tests.Schema;

public class RequestDecoderTests
{
    private static readonly RequestDecoder Decoder = new(TypeSchema.Load());
    private static readonly GroupVersionKind Pod = new("", "v1", "Pod");
    private static readonly GroupVersionKind Deployment = new("apps", "v1", "Deployment");

    [TestCase("""{"spec":5}""", "json: cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec")]
    [TestCase("""{"spec":{"containers":{}}}""", "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container")]
    [TestCase("""{"spec":{"containers":[{"imagePullPolicy":true}]}}""", "json: cannot unmarshal bool into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy")]
    [TestCase("""{"metadata":{"labels":{"a":1}}}""", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string")]
    [TestCase("""{"spec":{"priority":99999999999}}""", "json: cannot unmarshal number 99999999999 into Go struct field PodSpec.spec.priority of type int32")]
    [TestCase("""{"spec":{"priority":1.5}}""", "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32")]
    [TestCase("""{"spec":{"containers":[{"ports":[{"containerPort":"x"}],"livenessProbe":{"tcpSocket":{"port":true}}}]}}""", "json: cannot unmarshal bool into Go value of type int32")]
    [TestCase("""{"metadata":{"creationTimestamp":"soon"}}""", "parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"soon\" as \"2006\"")]
    [TestCase("""{"kind":"Foo"}""", "no kind \"Foo\" is registered for version \"v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"")]
    public void Wrong_types_are_told_as_Go_tells_them(string body, string words) =>
        Assert.That(Refusal(body, Pod), Does.EndWith($" in version \"v1\" cannot be handled as a Pod: {words}"));

    [TestCase("[]", "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" } (5b5d)")]
    [TestCase("""{"a":1""", "couldn't get version/kind; json parse error: unexpected end of JSON input ({\"a\":1)")]
    [TestCase("""{"a":1,}""", "couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string ({\"a\":1,})")]
    [TestCase("""{"a":01}""", "couldn't get version/kind; json parse error: invalid character '1' after object key:value pair ({\"a\":01})")]
    [TestCase("""{"a":tru}""", "couldn't get version/kind; json parse error: invalid character '}' in literal true (expecting 'e') ({\"a\":tru})")]
    [TestCase("{} x", "couldn't get version/kind; json parse error: invalid character 'x' after top-level value ({} x)")]
    public void Malformed_JSON_is_told_as_Go_tells_it(string body, string words) =>
        Assert.That(Refusal(body, Pod), Is.EqualTo($"the object provided is unrecognized (must be of type Pod): {words}"));

    [Test]
    public void What_Go_leaves_out_vanishes_and_what_it_always_writes_is_there()
    {
        var decoded = Decoder.Decode(
            """{"metadata":{"name":"a","labels":{},"generation":0},"spec":{"replicas":0,"paused":false,"template":{"spec":{"containers":[{"name":"m","command":[],"image":"","securityContext":{}}],"nodeName":null}}}}"""u8.ToArray(),
            MediaKind.Json, Deployment, FieldValidation.Strict).Object;

        Assert.That(RecordedRefusalTests.Sorted(decoded).ReplaceLineEndings(""), Is.EqualTo(
            """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":0,"selector":null,"strategy":{},"template":{"metadata":{},"spec":{"containers":[{"name":"m","resources":{},"securityContext":{}}]}}},"status":{}}"""));
    }

    [Test]
    public void Quantities_times_and_yaml_become_canonical()
    {
        var decoded = Decoder.Decode(
            Encoding.UTF8.GetBytes("metadata: {name: a, creationTimestamp: '2026-01-02T05:04:05.9+02:00', labels: {on: 'yes'}}\nspec:\n  hostNetwork: yes\n  containers:\n  - &c\n    name: m\n    resources: {limits: {cpu: 0.5, memory: 1024Mi}}\n  - <<: *c\n    name: 'n'\n"),
            MediaKind.Yaml, Pod, FieldValidation.Strict).Object;

        Assert.That(decoded["metadata"]!["creationTimestamp"]!.GetValue<string>(), Is.EqualTo("2026-01-02T03:04:05Z"));
        Assert.That(decoded["spec"]!["hostNetwork"]!.GetValue<bool>(), Is.True);
        Assert.That(decoded["spec"]!["containers"]![1]!.ToJsonString(), Is.EqualTo("""{"name":"n","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}"""));
    }

    [Test]
    public void Aliases_cannot_make_a_bomb()
    {
        var yaml = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (var level = 1; level < 12; level++)
            yaml.Append($"a{level}: &a{level} [{string.Join(',', Enumerable.Repeat($"*a{level - 1}", 10))}]\n");

        Assert.That(Refusal(yaml.ToString(), Pod, MediaKind.Yaml), Does.Contain("excessive aliasing"));
    }

    [TestCase(100)]
    [TestCase(20_000)]
    [TestCase(200_000)]
    public void Deep_nesting_is_refused(int depth)
    {
        Assert.That(Refusal($$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}}}""", Pod), Does.Contain("exceeded max depth"));
        Assert.That(Refusal($$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}}}""", Pod, MediaKind.Yaml), Is.Not.Empty);
    }

    // YamlDotNet's scanner does not call it malformed, but is in no state to go on (found by make fuzz).
    [Test]
    public void Brackets_that_contradict_each_other_are_refused()
    {
        const string yaml = "spec:\n  steps: [{name: x{name: y}]\n  cron: 1\nkind: Pod\nsteps: [{name: x{name: y}]\n";

        Assert.That(Refusal(yaml, Pod, MediaKind.Yaml), Does.Contain("error converting YAML to JSON: yaml: "));
        Assert.That(() => ManifestReader.Read(Encoding.UTF8.GetBytes(yaml), "f.yaml"), Throws.InstanceOf<FormatException>().With.Message.StartsWith("f.yaml"));
    }

    [Test]
    public void Broken_UTF8_and_lone_surrogates_become_replacement_characters()
    {
        byte[] body = [.. """{"metadata":{"name":"a\ud800","annotations":{"k":"""u8, (byte)'"', 0xff, (byte)'"', .. "}}}"u8];

        var decoded = Decoder.Decode(body, MediaKind.Json, Pod, FieldValidation.Strict).Object;

        Assert.That(decoded["metadata"]!["name"]!.GetValue<string>(), Is.EqualTo("a\ufffd"));
        Assert.That(decoded["metadata"]!["annotations"]!["k"]!.GetValue<string>(), Is.EqualTo("\ufffd"));
    }

    [Test, Category(Samples.Category)]
    public void Damaged_bodies_are_read_or_refused_with_400()
    {
        var bodies = RecordedConversation.Load("02-defaults").Steps.Select(step => step.Sent).Where(body => body.Length > 0).ToArray();
        var damaged =
            from body in Gen.Elements(bodies)
            from at in Gen.Choose(0, body.Length - 1)
            from letter in Gen.Elements("{}[]\":,0-.eé\\ntf\0 &*<\n".ToCharArray())
            from cut in Gen.Choose(0, 9)
            select cut == 0 ? body[..at] : [.. body[..at], .. Encoding.UTF8.GetBytes([letter]), .. body[(at + 1)..]];

        Check.One(Samples.Config(3000), Prop.ForAll(damaged.ToArbitrary(), body =>
        {
            foreach (var media in new[] { MediaKind.Json, MediaKind.Yaml })
            {
                try
                {
                    _ = Decoder.Decode(body, media, Deployment, FieldValidation.Strict);
                }
                catch (KubernetesApiException refusal) when (refusal.Code == 400)
                {
                    continue;
                }
            }
            return true;
        }));
    }

    [Test]
    public void A_manifest_file_gives_its_objects_with_their_lines()
    {
        var objects = ManifestReader.Read("# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n---\nkind: List\napiVersion: v1\nitems:\n- {kind: Secret, apiVersion: v1}\n- {kind: Pod, apiVersion: v1}\n"u8.ToArray(), "f.yaml");

        Assert.That(objects.Select(found => $"{found.Object.Text("kind")} {found.Place}"), Is.EqualTo(new[] { "ConfigMap f.yaml:2 (document 1)", "Secret f.yaml:7 (document 3)", "Pod f.yaml:7 (document 3)" }));
        Assert.That(Assert.Throws<FormatException>(() => ManifestReader.Read("a: b\n---\nc: [\n"u8.ToArray(), "g.yaml"))!.Message, Does.StartWith("g.yaml:1 (document 1): 'kind' is missing"));
        Assert.That(Assert.Throws<FormatException>(() => ManifestReader.Read("{kind: A, apiVersion: v1}\n---\nc: [\n"u8.ToArray(), "g.yaml"))!.Message, Does.StartWith("g.yaml:").And.Contains("(document 2)"));
    }

    private static string Refusal(string body, GroupVersionKind kind, MediaKind media = MediaKind.Json)
    {
        var refusal = Assert.Throws<KubernetesApiException>(() => Decoder.Decode(Encoding.UTF8.GetBytes(body), media, kind, FieldValidation.Ignore))!;
        Assert.That(refusal.Code, Is.EqualTo(400));
        return refusal.Message;
    }
}
