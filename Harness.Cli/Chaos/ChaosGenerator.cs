using ClusterSim;
using ClusterSim.Faults.Schedules;

namespace Harness.Chaos;

/// <summary>Generates plans from seeds: the same seed gives the same load and faults on every machine.</summary>
/// <param name="scenario">The load, and the workloads and routes that faults hit.</param>
/// <param name="servers">The servers that faults stop.</param>
public sealed class ChaosGenerator(IChaosScenario scenario, IReadOnlyList<string> servers)
{
    // How often each is drawn. Nodes and servers take a good part of a second to come back, so they are rarer.
    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.Partition, 14), (FaultKind.Delay, 10), (FaultKind.Trickle, 6), (FaultKind.DropAnswers, 18), (FaultKind.ResetAnswers, 10),
        (FaultKind.Answer, 14), (FaultKind.SkewClock, 6), (FaultKind.KillPod, 16), (FaultKind.StopNode, 2), (FaultKind.StopServer, 4),
    ];

    private static readonly int[] Statuses = [500, 502, 503, 504, 429, 408];

    private readonly IReadOnlyList<ChaosRoute> _httpRoutes = [.. scenario.Routes.Where(route => route.IsHttp)];
    private readonly IReadOnlyList<ChaosWorkload> _clocks = [.. scenario.Workloads.Where(workload => workload.CanSkewClock)];
    private readonly IReadOnlyList<ChaosWorkload> _killed = [.. scenario.Workloads.Where(workload => workload.KillWeight > 0)];
    private readonly IReadOnlyList<string> _nodes = [.. new SimulatedClusterOptions().Nodes.Select(node => node.Name)];

    /// <summary>Generates the plan of a seed.</summary>
    public ChaosPlan Generate(int seed)
    {
        var random = new Random(seed);
        var load = scenario.GenerateLoad(seed, random);
        var kinds = Weights.Where(weight => HasTarget(weight.Kind)).ToList();
        var faults = new List<ScheduledFault>();
        for (var fault = 1 + random.Next(4); fault > 0 && kinds.Count > 0; fault--)
            faults.Add(Fault(random, Draw(random, kinds, kind => kind.Weight).Kind));
        return new ChaosPlan { Seed = seed, Load = load, Faults = [.. faults.OrderBy(fault => fault.At)] };
    }

    private bool HasTarget(FaultKind kind) => kind switch
    {
        FaultKind.Answer => _httpRoutes.Count > 0,
        FaultKind.SkewClock => _clocks.Count > 0,
        FaultKind.KillPod => _killed.Count > 0,
        FaultKind.StopNode => true,
        FaultKind.StopServer => servers.Count > 0,
        _ => scenario.Routes.Count > 0,
    };

    private ScheduledFault Fault(Random random, FaultKind kind)
    {
        var (from, to) = scenario.Routes.Count > 0 ? Ends(random, scenario.Routes) : default;
        var between = new ScheduledFault { Kind = kind, At = Milliseconds(random, 0, 250), For = Milliseconds(random, 50, 400), From = from, To = to };
        var elsewhere = between with { From = null, To = null };
        switch (kind)
        {
            case FaultKind.Partition:
                return between with { Direction = (PartitionDirection)random.Next(3) };
            case FaultKind.Delay:
                return between with { By = Milliseconds(random, 1, 120), Jitter = Milliseconds(random, 0, 40), Seed = random.Next(1000) };
            case FaultKind.Trickle:
                return between with { BytesPerSecond = 200 + random.Next(4000) };
            case FaultKind.DropAnswers:
                return random.Next(2) == 0
                    ? between with { Count = 1 + random.Next(8), Skip = random.Next(6) }
                    : between with { Chance = (1 + random.Next(9)) / 10.0, Seed = random.Next(1000) };
            case FaultKind.ResetAnswers:
                return between with { AfterBytes = 1 + random.Next(200), Count = 1 + random.Next(8), Skip = random.Next(6) };
            case FaultKind.Answer:
                (from, to) = Ends(random, _httpRoutes);
                return between with
                {
                    From = from,
                    To = to,
                    Status = Statuses[random.Next(Statuses.Length)],
                    CarriedOut = random.Next(2) == 0,
                    Chance = (1 + random.Next(9)) / 10.0,
                    Seed = random.Next(1000),
                };
            case FaultKind.SkewClock:
                return elsewhere with { Pods = AnyOrAll(random, _clocks[random.Next(_clocks.Count)]), By = TimeSpan.FromSeconds(random.Next(7200) - 3600) };
            case FaultKind.KillPod:
                return elsewhere with { For = null, Pods = Any(random, Draw(random, _killed, workload => workload.KillWeight)) };
            case FaultKind.StopNode:
                return elsewhere with { Node = _nodes[random.Next(_nodes.Count)] };
            case FaultKind.StopServer:
                return elsewhere with { Server = servers[servers.Count == 1 ? 0 : random.Next(servers.Count)] };
            default:
                throw new InvalidOperationException($"no fault of kind {kind} is generated");
        }
    }

    private static (string From, string To) Ends(Random random, IReadOnlyList<ChaosRoute> routes)
    {
        var route = routes.Count == 1 ? routes[0] : Draw(random, routes, route => route.Weight);
        return (AnyOrAll(random, route.From), AnyOrAll(random, route.To));
    }

    private static T Draw<T>(Random random, IReadOnlyList<T> all, Func<T, int> weight)
    {
        var drawn = random.Next(all.Sum(weight));
        foreach (var one in all)
        {
            if (drawn < weight(one))
                return one;
            drawn -= weight(one);
        }
        throw new InvalidOperationException("the weights changed while one was drawn");
    }

    /// <summary>One of the pods, or all of them.</summary>
    private static string AnyOrAll(Random random, ChaosWorkload workload) =>
        workload.Replicas == 1 || random.Next(2) == 0 ? workload.Pods : Any(random, workload);

    private static string Any(Random random, ChaosWorkload workload) => workload.Replicas == 1 ? workload.Pods : $"{workload.Pods}#{random.Next(workload.Replicas)}";

    private static TimeSpan Milliseconds(Random random, int from, int to) => TimeSpan.FromMilliseconds(from + random.Next(to - from));
}
