using System.Diagnostics;
using System.Globalization;
using ClusterSim.Machinery;
using ClusterSim.Patching;
using ClusterSim.Schema;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Patching;

[Explicit("Prints microseconds; run it alone, in Release.")]
public class PatchingSpeedTests
{
    [Test]
    public void What_a_write_costs()
    {
        var watch = Stopwatch.StartNew();
        var types = TypeSchema.Load();
        TestContext.Out.WriteLine($"load {watch.Elapsed.TotalMilliseconds:F1} ms");
        var decoder = new RequestDecoder(types);
        var deployment = types.Find(new("apps", "v1", "Deployment"))!;
        var map = types.Find(new("", "v1", "ConfigMap"))!;
        var step = RecordedConversation.Load("05-patches")["05"];
        var full = step.Body.ToObject();
        RecordedConversation.Unmask(full);
        var body = full.ToUtf8();
        var live = full.ToElement();
        var small = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n"},"data":{"a":"1","b":"2"}}"""u8.ToArray();
        var smallLive = decoder.Decode(small, MediaKind.Json, map, FieldValidation.Strict).Object;
        var writer = new FieldWriter("unknown", "apps/v1", null, DateTimeOffset.UnixEpoch);
        ManagedFields.RecordUpdate(smallLive, default, map, writer, new FieldSet());
        var smallElement = smallLive.ToElement();
        var patch = RequestDecoder.DecodeUntyped(step.Sent, MediaKind.Json);

        Time("decode ConfigMap", () => decoder.Decode(small, MediaKind.Json, map, FieldValidation.Strict));
        Time($"decode Deployment of {body.Length} bytes", () => decoder.Decode(body, MediaKind.Json, deployment, FieldValidation.Strict));
        Time("decode and own ConfigMap, create", () => ManagedFields.RecordUpdate(decoder.Decode(small, MediaKind.Json, map, FieldValidation.Strict).Object, default, map, writer, new FieldSet()));
        Time("decode and own ConfigMap, unchanged", () => ManagedFields.RecordUpdate(decoder.Decode(small, MediaKind.Json, map, FieldValidation.Strict).Object, smallElement, map, writer, new FieldSet()));
        Time("decode and own Deployment, changed", () =>
        {
            var updated = decoder.Decode(body, MediaKind.Json, deployment, FieldValidation.Strict).Object;
            updated["spec"]!["replicas"] = 7;
            ManagedFields.RecordUpdate(updated, live, deployment, writer, new FieldSet());
        });
        Time("strategic merge of a Deployment", () => StrategicMergePatch.Apply(live.ToObject(), patch, deployment.Type));
    }

    private static void Time(string what, Action action)
    {
        const int rounds = 3000;
        for (var i = 0; i < rounds; i++)
            action();
        var best = double.MaxValue;
        for (var batch = 0; batch < 5; batch++)
        {
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < rounds; i++)
                action();
            best = Math.Min(best, watch.Elapsed.TotalMicroseconds / rounds);
        }
        TestContext.Out.WriteLine($"{what}: {best.ToString("F1", CultureInfo.InvariantCulture)} µs");
    }
}
