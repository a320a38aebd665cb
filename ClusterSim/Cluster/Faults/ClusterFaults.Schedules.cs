using ClusterSim.Faults.Schedules;
using ClusterSim.Nodes;

namespace ClusterSim.Faults;

public sealed partial class ClusterFaults
{
    /// <summary>
    /// Lets the faults of a schedule happen, each at its time; returns when the last is over. What is still wrong by then (or by the
    /// cancellation) is healed: networks and clocks at once, nodes and servers are started again.
    /// </summary>
    /// <param name="faults">The faults.</param>
    /// <param name="clock">Time.</param>
    /// <param name="tell">Told what begins and what ends.</param>
    /// <param name="servers">The servers that <see cref="FaultKind.StopServer"/> may stop.</param>
    /// <param name="cancellation">Ends the schedule; no exception comes of that.</param>
    /// <exception cref="ArgumentException">A fault names a server that is not registered.</exception>
    public async Task RunAsync(
        IReadOnlyList<ScheduledFault> faults, TimeProvider clock, Action<string> tell, IReadOnlyList<IStoppableServer> servers, CancellationToken cancellation)
    {
        if (faults.FirstOrDefault(fault => fault.Kind == FaultKind.StopServer && servers.All(server => server.Name != fault.Server)) is { } unknown)
            throw new ArgumentException(
                $"{FaultScheduleYaml.NameOf(unknown.Kind)}.server: found '{unknown.Server}', should be {(servers.Count == 0 ? "absent: no server is registered" : string.Join(" or ", servers.Select(server => server.Name)))}",
                nameof(faults));
        var began = clock.GetTimestamp();
        var ends = new Dictionary<ScheduledFault, Func<Task>>(ReferenceEqualityComparer.Instance);
        var moments = faults.SelectMany(fault => fault.For is { } span ? [(fault.At, fault, true), (fault.At + span, fault, false)] : ((TimeSpan, ScheduledFault, bool)[])[(fault.At, fault, true)])
            .OrderBy(moment => moment.Item1).ToList();
        try
        {
            foreach (var (at, fault, begins) in moments)
            {
                if (at - clock.GetElapsedTime(began) is { Ticks: > 0 } wait)
                    await Task.Delay(wait, clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (cancellation.IsCancellationRequested)
                    return;
                if (begins)
                    Start(fault);
                else
                    await EndAsync(fault);
            }
        }
        finally
        {
            foreach (var fault in ends.Keys.ToList())
                await EndAsync(fault);
        }

        void Start(ScheduledFault fault)
        {
            tell($"fault: {fault}{(fault.For is { } span ? $", for {FaultScheduleYaml.Duration(span)}" : "")}");
            var end = fault.Kind == FaultKind.StopServer ? Stop(servers.First(server => server.Name == fault.Server)) : Begin(fault, tell);
            if (end is not null)
                ends[fault] = end;
        }

        async Task EndAsync(ScheduledFault fault)
        {
            if (!ends.Remove(fault, out var end))
                return;
            await end();
            tell($"over:  {fault}");
        }
    }

    private static Func<Task> Stop(IStoppableServer server)
    {
        // The faults that follow do not wait for it.
        var stopping = Task.Run(server.StopAsync);
        return async () =>
        {
            await stopping;
            await server.StartAsync();
        };
    }

    private Func<Task>? Begin(ScheduledFault fault, Action<string> tell)
    {
        var (from, to, pods) = (Set(fault.From), Set(fault.To), Set(fault.Pods));
        switch (fault.Kind)
        {
            case FaultKind.KillPod:
                foreach (var (@namespace, name) in PodsOf(pods))
                    if (KillPod(@namespace, name))
                        tell($"killed {@namespace}/{name}");
                return null;
            case FaultKind.StopNode:
                if (!_cluster.Nodes.Names.Contains(fault.Node!, StringComparer.Ordinal))
                {
                    tell($"node {fault.Node} does not run: nothing to stop");
                    return null;
                }
                StopNode(fault.Node!);
                return Ended(() => StartNode(fault.Node!));
        }
        var begun = fault.Kind switch
        {
            FaultKind.Partition when fault.Direction == PartitionDirection.Back => Partition(to, from, bothWays: false),
            FaultKind.Partition => Partition(from, to, bothWays: fault.Direction == PartitionDirection.Both),
            FaultKind.Delay => Delay(from, to, fault.By, fault.Jitter, fault.Seed),
            FaultKind.Trickle => Trickle(from, to, fault.BytesPerSecond),
            FaultKind.DropAnswers => DropAnswers(from, to, fault.Dose),
            FaultKind.ResetAnswers => ResetAnswers(from, to, fault.AfterBytes, fault.Dose),
            FaultKind.Answer => AnswerInstead(
                from, to, new HttpAnswer { Status = fault.Status, Body = fault.Body, AfterCarriedOut = fault.CarriedOut, ToRequestsHolding = fault.Holding }, fault.Dose),
            FaultKind.SkewClock => SkewClock(pods, fault.By),
            _ => throw new NotSupportedException($"{FaultScheduleYaml.NameOf(fault.Kind)} is not a cluster's to do"),
        };
        return Ended(begun.Dispose);

        static PodSet Set(string? text) => text is null ? PodSet.All : PodSet.Parse(text);

        static Func<Task> Ended(Action end) => () =>
        {
            end();
            return Task.CompletedTask;
        };
    }
}
