namespace ClusterSim.Faults.Schedules;

/// <summary>Runs a schedule of faults on a cluster: begins and ends each at its time.</summary>
/// <param name="cluster">Where the faults happen.</param>
/// <param name="clock">Time.</param>
/// <param name="tell">Receives a line for whatever begins and ends.</param>
/// <param name="servers">The servers that <see cref="FaultKind.StopServer"/> may stop.</param>
internal sealed class FaultScheduleRunner(ClusterFaults cluster, TimeProvider clock, Action<string> tell, IReadOnlyList<IStoppableServer> servers)
{
    /// <inheritdoc cref="ClusterFaults.RunAsync"/>
    public async Task RunAsync(IReadOnlyList<ScheduledFault> faults, CancellationToken cancellation)
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
            var end = fault.Kind == FaultKind.StopServer ? Stop(servers.First(server => server.Name == fault.Server)) : Begin(fault);
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

    private Func<Task>? Begin(ScheduledFault fault)
    {
        var (from, to, pods) = (Set(fault.From), Set(fault.To), Set(fault.Pods));
        switch (fault.Kind)
        {
            case FaultKind.KillPod:
                foreach (var (@namespace, name) in cluster.PodsOf(pods))
                    if (cluster.KillPod(@namespace, name))
                        tell($"killed {@namespace}/{name}");
                return null;
            case FaultKind.StopNode:
                if (!cluster.IsRunning(fault.Node!))
                {
                    tell($"node {fault.Node} does not run: nothing to stop");
                    return null;
                }
                cluster.StopNode(fault.Node!);
                return Ended(() => cluster.StartNode(fault.Node!));
        }
        var begun = fault.Kind switch
        {
            FaultKind.Partition when fault.Direction == PartitionDirection.Back => cluster.Partition(to, from, bothWays: false),
            FaultKind.Partition => cluster.Partition(from, to, bothWays: fault.Direction == PartitionDirection.Both),
            FaultKind.Delay => cluster.Delay(from, to, fault.By, fault.Jitter, fault.Seed),
            FaultKind.Trickle => cluster.Trickle(from, to, fault.BytesPerSecond),
            FaultKind.DropAnswers => cluster.DropAnswers(from, to, fault.Dose),
            FaultKind.ResetAnswers => cluster.ResetAnswers(from, to, fault.AfterBytes, fault.Dose),
            FaultKind.Answer => cluster.AnswerInstead(
                from, to, new HttpAnswer { Status = fault.Status, Body = fault.Body, AfterCarriedOut = fault.CarriedOut, ToRequestsHolding = fault.Holding }, fault.Dose),
            FaultKind.SkewClock => cluster.SkewClock(pods, fault.By),
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
