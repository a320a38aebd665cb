using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Network.Policies;
using FsCheck;
using FsCheck.Fluent;

namespace ClusterSim.Tests.Network;

/// <summary>
/// The evaluator against a naive one, written from the API's documentation over the documents themselves and sharing none of its code:
/// no compilation, no kinds, no caches.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class PolicyPropertyTests
{
    private static readonly string[] NamespaceNames = ["red", "green", "blue"];
    private static readonly string[] Keys = ["app", "tier"];
    private static readonly string[] Values = ["a", "b", "c"];
    private static readonly string[] PortNames = ["web", "db"];
    private static readonly int[] PortNumbers = [80, 81, 5432];
    private static readonly string[] Cidrs = ["0.0.0.0/0", "10.0.0.0/8", "10.244.0.0/24", "10.244.1.0/24", "192.0.2.0/24", "10.244.0.2/32", "192.0.2.77/26"];

    private static readonly Gen<JsonObject> Labels =
        from app in Gen.Elements("", "a", "b", "c")
        from tier in Gen.Elements("", "a", "b")
        select Filled(("app", app), ("tier", tier));

    private static readonly Gen<JsonNode> Expression =
        from key in Gen.Elements(Keys)
        from @operator in Gen.Elements("In", "NotIn", "Exists", "DoesNotExist")
        from one in Gen.Elements(Values)
        from two in Gen.Elements(Values)
        select (JsonNode)(@operator.EndsWith("In", StringComparison.Ordinal)
            ? new JsonObject { ["key"] = key, ["operator"] = @operator, ["values"] = new JsonArray(one, two) }
            : new JsonObject { ["key"] = key, ["operator"] = @operator });

    private static readonly Gen<JsonObject> Selector = Gen.Frequency(
        (2, Gen.Fresh(() => new JsonObject())),
        (3, from labels in Labels select new JsonObject { ["matchLabels"] = labels.DeepClone() }),
        (2, from expressions in Expression.ListOf(2)
            select new JsonObject { ["matchExpressions"] = new JsonArray([.. expressions.Select(expression => expression.DeepClone())]) }));

    private static readonly Gen<JsonObject> NamespaceSelector = Gen.Frequency(
        (3, Selector),
        (2, from name in Gen.Elements(NamespaceNames)
            select new JsonObject { ["matchLabels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name } }));

    private static readonly Gen<JsonNode> Peer = Gen.Frequency(
        (3, from pods in Selector select (JsonNode)new JsonObject { ["podSelector"] = pods.DeepClone() }),
        (3, from namespaces in NamespaceSelector select (JsonNode)new JsonObject { ["namespaceSelector"] = namespaces.DeepClone() }),
        (3, from pods in Selector
            from namespaces in NamespaceSelector
            select (JsonNode)new JsonObject { ["podSelector"] = pods.DeepClone(), ["namespaceSelector"] = namespaces.DeepClone() }),
        (2, from cidr in Gen.Elements(Cidrs)
            from except in Gen.Elements(Cidrs).ListOf(1)
            from some in Gen.Elements(true, false)
            select (JsonNode)new JsonObject
            {
                ["ipBlock"] = some
                ? new JsonObject { ["cidr"] = cidr, ["except"] = new JsonArray([.. except.Select(each => (JsonNode)each)]) }
                : new JsonObject { ["cidr"] = cidr }
            }));

    private static readonly Gen<JsonNode> Port =
        from protocol in Gen.Elements(null, "TCP", "UDP")
        from kind in Gen.Choose(0, 3)
        from number in Gen.Elements(PortNumbers)
        from name in Gen.Elements(PortNames)
        from width in Gen.Choose(0, 10)
        select (JsonNode)Filled2(("protocol", protocol), kind switch
        {
            0 => [],
            1 => [("port", number)],
            2 => [("port", name)],
            _ => [("port", number), ("endPort", number + width)],
        });

    private static readonly Gen<JsonObject> Rule =
        from peers in Gen.Choose(0, 2).SelectMany(count => Peer.ListOf(count))
        from ports in Gen.Choose(0, 2).SelectMany(count => Port.ListOf(count))
        from peersAbsent in Gen.Elements(true, false)
        select Assemble(peers, ports, peersAbsent);

    private static readonly Gen<JsonObject> Policy =
        from @namespace in Gen.Elements(NamespaceNames)
        from pods in Selector
        from ingress in Gen.Choose(0, 2).SelectMany(count => Rule.ListOf(count))
        from egress in Gen.Choose(0, 2).SelectMany(count => Rule.ListOf(count))
        from types in Gen.Elements("none", "Ingress", "Egress", "Ingress Egress")
        from number in Gen.Choose(0, 1_000_000)
        select PolicyOf(@namespace, number, pods, types, ingress, egress);

    private static readonly Gen<World> Worlds =
        from policies in Gen.Choose(0, 5).SelectMany(count => Policy.ListOf(count))
        from namespaceLabels in Labels.ListOf(3)
        from podLabels in Labels.ListOf(6)
        from ports in Gen.Choose(0, 3).ListOf(6)
        select new World([.. policies], [.. namespaceLabels], [.. podLabels], [.. ports]);

    [Test, Category(Samples.Category)]
    public void The_evaluator_agrees_with_a_naive_one_on_every_pair_and_port()
    {
        Check.One(Samples.Config(400), Prop.ForAll(Worlds.ToArbitrary(), world =>
        {
            var evaluator = world.Compile();
            foreach (var from in world.Parties)
                foreach (var to in world.Parties)
                    foreach (var port in PortNumbers)
                        foreach (var protocol in (TransportProtocol[])[TransportProtocol.Tcp, TransportProtocol.Udp])
                        {
                            var verdict = evaluator.Evaluate(from, to, port, protocol);
                            var expected = Naive.Allows(world, from, to, port, protocol == TransportProtocol.Udp ? "UDP" : "TCP");
                            if (verdict.IsAllowed != expected)
                                throw new InvalidOperationException($"{from} to {to}:{port}/{protocol}: expected {expected}, but {verdict.Reason}");
                        }
        }));
    }

    [Test, Category(Samples.Category)]
    public void The_matrix_agrees_with_single_verdicts_and_denials_have_reasons()
    {
        Check.One(Samples.Config(100), Prop.ForAll(Worlds.ToArbitrary(), world =>
        {
            var evaluator = world.Compile();
            var pods = world.Parties.Where(party => party.Pod is not null).Select(party => party.Pod!).ToList();
            var matrix = new ReachMatrix(evaluator, pods, _ => [new("", TransportProtocol.Tcp, 80), new("", TransportProtocol.Udp, 81)]);
            for (var from = 0; from < pods.Count; from++)
                for (var to = 0; to < pods.Count; to++)
                    for (var port = 0; port < matrix.Ports[to].Count; port++)
                    {
                        var verdict = matrix.Verdict(from, to, port);
                        if (verdict.IsAllowed != matrix.Allows(from, to, port))
                            throw new InvalidOperationException($"{pods[from]} to {pods[to]}: {verdict.Reason}");
                        if (!verdict.Reason.StartsWith(verdict.IsAllowed ? "allowed: " : "denied: ", StringComparison.Ordinal))
                            throw new InvalidOperationException(verdict.Reason);
                    }
        }));
    }

    [Test]
    public void One_more_policy_that_selects_nobody_new_never_takes_a_connection_away()
    {
        // Policies add up: a second policy for pods that are isolated already can only allow more.
        Check.One(Samples.Config(200), Prop.ForAll(Worlds.ToArbitrary(), Policy.ToArbitrary(), (world, extra) =>
        {
            var isolating = NamespaceNames.Select(name => PolicyOf(name, 7, [], "Ingress Egress", [], []));
            var before = (world with { Policies = [.. world.Policies, .. isolating] }).Compile();
            var after = (world with { Policies = [.. world.Policies, .. isolating, extra] }).Compile();
            foreach (var from in world.Parties)
                foreach (var to in world.Parties)
                    if (before.Evaluate(from, to, 80).IsAllowed && !after.Evaluate(from, to, 80).IsAllowed)
                        throw new InvalidOperationException($"{from} to {to}: {after.Evaluate(from, to, 80).Reason}");
        }));
    }

    [Test]
    public void A_matrix_holds_a_thousand_pods_by_a_thousand_pods()
    {
        var policies = Enumerable.Range(0, 50).SelectMany(team => (JsonObject[])
        [
            PolicyOf($"team-{team}", 0, [], "Ingress Egress", [], []),
            PolicyOf($"team-{team}", 1, Filled(("matchLabels", Filled(("app", "a")))), "Ingress", [Assemble(
                [new JsonObject { ["podSelector"] = Filled(("matchLabels", Filled(("app", "b")))) }], [new JsonObject { ["port"] = 80 }], false)], []),
            PolicyOf($"team-{team}", 2, [], "Egress", [], [Assemble(
                [new JsonObject { ["podSelector"] = new JsonObject() }, new JsonObject { ["namespaceSelector"] = Filled(("matchLabels", Filled(("kubernetes.io/metadata.name", $"team-{(team + 1) % 50}")))) }], [], false)]),
        ]).Select(policy => NetworkPolicy.Read(policy.ToElement())).ToList();
        var pods = Enumerable.Range(0, 1000).Select(number => new PolicyPod
        {
            Namespace = $"team-{number % 50}",
            Name = $"pod-{number}",
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = Values[number % 3], ["statefulset.kubernetes.io/pod-name"] = $"pod-{number}" },
            Address = new IPAddress([10, 244, (byte)(number / 250), (byte)(2 + (number % 250))]),
            Ports = [new("web", TransportProtocol.Tcp, 80), new("metrics", TransportProtocol.Tcp, 9090)],
        }).ToList();

        var matrix = new ReachMatrix(new NetworkPolicyEvaluator(policies, []), pods);
        var allowed = 0;
        for (var from = 0; from < pods.Count; from++)
            for (var to = 0; to < pods.Count; to++)
                for (var port = 0; port < matrix.Ports[to].Count; port++)
                    allowed += matrix.Allows(from, to, port) ? 1 : 0;

        Assert.That(allowed, Is.GreaterThan(2000), "more than each pod itself");
    }

    private static JsonObject Filled(params (string Key, JsonNode Value)[] fields) =>
        new(fields.Where(field => field.Value is not JsonValue value || !value.TryGetValue<string>(out var text) || text.Length > 0)
            .Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value)));

    private static JsonObject Filled2((string Key, string? Value) first, (string Key, JsonNode Value)[] others)
    {
        var result = Filled(others);
        if (first.Value is not null)
            result[first.Key] = first.Value;
        return result;
    }

    private static JsonObject Assemble(IEnumerable<JsonNode> peers, IEnumerable<JsonNode> ports, bool absent)
    {
        var rule = new JsonObject { ["peers"] = new JsonArray([.. peers.Select(peer => peer.DeepClone())]), ["ports"] = new JsonArray([.. ports.Select(port => port.DeepClone())]) };
        if (absent && rule["peers"]!.AsArray().Count == 0)
            rule.Remove("peers");
        return rule;
    }

    private static JsonObject PolicyOf(string @namespace, int number, JsonObject pods, string types, IEnumerable<JsonObject> ingress, IEnumerable<JsonObject> egress)
    {
        var spec = new JsonObject
        {
            ["podSelector"] = pods.DeepClone(),
            ["ingress"] = Rules(ingress, "from"),
            ["egress"] = Rules(egress, "to"),
        };
        if (types != "none")
            spec["policyTypes"] = new JsonArray([.. types.Split(' ').Select(type => (JsonNode)type)]);
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["namespace"] = @namespace, ["name"] = "policy-" + number.ToString(CultureInfo.InvariantCulture) },
            ["spec"] = spec,
        };

        static JsonArray Rules(IEnumerable<JsonObject> rules, string peers) => new([.. rules.Select(rule =>
        {
            var named = new JsonObject { ["ports"] = rule["ports"]!.DeepClone() };
            if (rule["peers"] is { } list)
                named[peers] = list.DeepClone();
            return named;
        })]);
    }

    internal sealed record World(IReadOnlyList<JsonObject> Policies, IReadOnlyList<JsonObject> NamespaceLabels, IReadOnlyList<JsonObject> PodLabels, IReadOnlyList<int> PortKinds)
    {
        public IReadOnlyList<TrafficPeer> Parties { get; } =
        [
            .. PodLabels.Select((labels, index) => TrafficPeer.Of(new PolicyPod
            {
                Namespace = NamespaceNames[index % 3],
                Name = $"pod-{index}",
                Labels = labels.ToElement().TextMap(),
                Address = new IPAddress([10, 244, (byte)(index % 2), (byte)(2 + index)]),
                Node = $"node-{index % 2}",
                IsHostNetwork = index == 5,
                Ports = [.. PortNames.Take(PortKinds[index]).Select((name, at) => new ContainerPort(name, TransportProtocol.Tcp, PortNumbers[(at + index) % 3]))],
            })),
            TrafficPeer.Outside(IPAddress.Parse("192.0.2.65")),
            TrafficPeer.Outside(IPAddress.Parse("8.8.8.8")),
            TrafficPeer.OfNode("node-1", IPAddress.Parse("10.0.0.11")),
        ];

        public NetworkPolicyEvaluator Compile() => new(
            Policies.Select(policy => NetworkPolicy.Read(policy.ToElement())),
            NamespaceLabels.Select((labels, index) => KeyValuePair.Create(NamespaceNames[index], labels.ToElement().TextMap())));

        public override string ToString() => new JsonObject
        {
            ["policies"] = new JsonArray([.. Policies.Select(policy => policy.DeepClone())]),
            ["namespaces"] = new JsonArray([.. NamespaceLabels.Select(labels => labels.DeepClone())]),
            ["pods"] = new JsonArray([.. PodLabels.Select(labels => labels.DeepClone())]),
            ["ports"] = string.Join(',', PortKinds),
        }.ToJsonString();
    }

    private static class Naive
    {
        public static bool Allows(World world, TrafficPeer from, TrafficPeer to, int port, string protocol)
        {
            if (from.Pod is not null && ReferenceEquals(from.Pod, to.Pod))
                return true;
            if (from.Node is not null && to.Pod?.Node == from.Node)
                return true;
            if (to.Node is not null && from.Pod?.Node == to.Node)
                return true;
            return Side(world, from, to, to, port, protocol, "Egress", "egress", "to") && Side(world, to, from, to, port, protocol, "Ingress", "ingress", "from");
        }

        private static bool Side(
            World world, TrafficPeer subject, TrafficPeer other, TrafficPeer destination, int port, string protocol, string type, string field, string peers)
        {
            if (subject.Pod is not { IsHostNetwork: false } pod)
                return true;
            var applying = world.Policies.Where(policy => (string)policy["metadata"]!["namespace"]! == pod.Namespace
                && Matches((JsonObject)policy["spec"]!["podSelector"]!, pod.Labels) && HasType((JsonObject)policy["spec"]!, type)).ToList();
            return applying.Count == 0 || applying.Exists(policy => (policy["spec"]![field] as JsonArray ?? []).Any(rule =>
                Peers(world, (JsonObject)rule!, peers, pod.Namespace, other) && Ports((JsonObject)rule!, destination, port, protocol)));
        }

        private static bool HasType(JsonObject spec, string type) =>
            spec["policyTypes"] is JsonArray types
                ? types.Any(each => (string)each! == type)
                : type == "Ingress" || (spec["egress"] as JsonArray)?.Count > 0;

        private static bool Peers(World world, JsonObject rule, string field, string @namespace, TrafficPeer other)
        {
            if (rule[field] is not JsonArray { Count: > 0 } peers)
                return true;
            foreach (var peer in peers.Select(each => (JsonObject)each!))
            {
                if (peer["ipBlock"] is JsonObject block)
                {
                    if (other.Address is { } address && InCidr((string)block["cidr"]!, address)
                        && !(block["except"] as JsonArray ?? []).Any(except => InCidr((string)except!, address)))
                        return true;
                    continue;
                }
                if (other.Pod is not { IsHostNetwork: false } pod)
                    continue;
                var namespaceLabels = new Dictionary<string, string>(
                    world.NamespaceLabels[Array.IndexOf(NamespaceNames, pod.Namespace)].ToElement().TextMap(), StringComparer.Ordinal)
                {
                    ["kubernetes.io/metadata.name"] = pod.Namespace,
                };
                var inNamespace = peer["namespaceSelector"] is JsonObject selector ? Matches(selector, namespaceLabels) : pod.Namespace == @namespace;
                if (inNamespace && (peer["podSelector"] is not JsonObject pods || Matches(pods, pod.Labels)))
                    return true;
            }
            return false;
        }

        private static bool Ports(JsonObject rule, TrafficPeer destination, int port, string protocol)
        {
            if (rule["ports"] is not JsonArray { Count: > 0 } ports)
                return true;
            return ports.Any(each =>
            {
                var allowed = (JsonObject)each!;
                if (((string?)allowed["protocol"] ?? "TCP") != protocol)
                    return false;
                if (allowed["port"] is not JsonValue value)
                    return true;
                if (value.TryGetValue<int>(out var first))
                    return port >= first && port <= ((int?)allowed["endPort"] ?? first);
                return destination.Pod is { IsHostNetwork: false } pod && pod.NamedPorts.Any(named =>
                    named.Name == (string)value! && named.Port == port && named.Protocol.ToString().Equals(protocol, StringComparison.OrdinalIgnoreCase));
            });
        }

        private static bool Matches(JsonObject selector, IReadOnlyDictionary<string, string> labels) =>
            (selector["matchLabels"] as JsonObject ?? []).All(label => labels.TryGetValue(label.Key, out var value) && value == (string)label.Value!)
            && (selector["matchExpressions"] as JsonArray ?? []).All(expression =>
            {
                var key = (string)expression!["key"]!;
                var values = (expression["values"] as JsonArray ?? []).Select(value => (string)value!).ToList();
                return (string)expression["operator"]! switch
                {
                    "In" => labels.ContainsKey(key) && values.Contains(labels[key]),
                    "NotIn" => !labels.ContainsKey(key) || !values.Contains(labels[key]),
                    "Exists" => labels.ContainsKey(key),
                    _ => !labels.ContainsKey(key),
                };
            });

        private static bool InCidr(string cidr, IPAddress address)
        {
            var parts = cidr.Split('/');
            var bits = int.Parse(parts[1], CultureInfo.InvariantCulture);
            return Bits(IPAddress.Parse(parts[0]))[..bits] == Bits(address)[..bits];
        }

        private static string Bits(IPAddress address) => string.Concat(address.GetAddressBytes().Select(part => Convert.ToString(part, 2).PadLeft(8, '0')));
    }
}
