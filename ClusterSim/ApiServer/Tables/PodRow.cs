using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using static ClusterSim.Tables.Cells;

namespace ClusterSim.Tables;

/// <summary>A pod's row: one word for all that its containers go through (<c>printPod</c>).</summary>
internal static class PodRow
{
    /// <summary>Name, ready, status, restarts, age, address, node, nominated node, readiness gates.</summary>
    public static JsonArray Print(JsonElement pod, DateTimeOffset now)
    {
        var spec = pod.At("spec");
        var status = pod.At("status");
        var reason = status.At("reason").Text() ?? status.At("phase").Text("");
        var restarts = 0;
        var sidecarRestarts = 0;
        DateTimeOffset? lastRestart = null;
        var sidecars = spec.Sidecars().Select(container => container.At("name").Text("")).ToHashSet(StringComparer.Ordinal);
        var total = spec.At("containers").Count() + sidecars.Count;
        var ready = 0;
        foreach (var condition in status.At("conditions").Items())
            if (condition.At("type").Text() == "PodScheduled" && condition.At("reason").Text() == "SchedulingGated")
                reason = "SchedulingGated";

        var initializing = false;
        var index = 0;
        foreach (var container in status.At("initContainerStatuses").Items())
        {
            restarts += container.At("restartCount").Integer(0);
            lastRestart = Later(lastRestart, container.At("lastState", "terminated", "finishedAt").Time());
            var isSidecar = sidecars.Contains(container.At("name").Text(""));
            if (isSidecar)
            {
                sidecarRestarts += container.At("restartCount").Integer(0);
                if (container.At("started").Flag(false) && container.At("ready").Flag(false))
                    ready++;
            }
            var terminated = container.At("state", "terminated");
            var waiting = container.At("state", "waiting").At("reason").Text();
            if ((terminated.Exists() && terminated.At("exitCode").Integer(0) == 0) || (isSidecar && container.At("started").Flag(false)))
            {
                index++;
                continue;
            }
            reason = terminated.Exists() ? "Init:" + Ended(terminated)
                : waiting is { Length: > 0 } and not "PodInitializing" ? "Init:" + waiting
                : string.Create(CultureInfo.InvariantCulture, $"Init:{index}/{spec.At("initContainers").Count()}");
            initializing = true;
            break;
        }

        if (!initializing || IsInitialized(status))
        {
            restarts = sidecarRestarts;
            var running = false;
            var statuses = status.At("containerStatuses").Items().ToList();
            for (var i = statuses.Count - 1; i >= 0; i--)
            {
                var container = statuses[i];
                restarts += container.At("restartCount").Integer(0);
                lastRestart = Later(lastRestart, container.At("lastState", "terminated", "finishedAt").Time());
                var terminated = container.At("state", "terminated");
                if (container.At("state", "waiting").At("reason").Text() is { Length: > 0 } waiting)
                {
                    reason = waiting;
                }
                else if (terminated.Exists())
                {
                    reason = Ended(terminated);
                }
                else if (container.At("ready").Flag(false) && container.At("state", "running").Exists())
                {
                    running = true;
                    ready++;
                }
            }
            if (reason == "Completed" && running)
                reason = IsReady(status) ? "Running" : "NotReady";
        }

        if (pod.At("metadata", "deletionTimestamp").Exists())
        {
            if (status.At("reason").Text() == "NodeLost")
                reason = "Unknown";
            else if (status.At("phase").Text() is not ("Succeeded" or "Failed"))
                reason = "Terminating";
        }

        var restartsText = restarts.ToString(CultureInfo.InvariantCulture);
        if (restarts > 0 && lastRestart is { } then)
            restartsText = $"{restartsText} ({HumanDuration.Of(now - then)} ago)";
        var gates = spec.At("readinessGates");
        var gatesText = None;
        if (gates.Count() > 0)
        {
            var met = gates.Items().Count(gate => status.At("conditions").Items().Any(condition =>
                condition.At("type").Text() == gate.At("conditionType").Text() && condition.At("status").Text() == "True"));
            gatesText = string.Create(CultureInfo.InvariantCulture, $"{met}/{gates.Count()}");
        }
        return
        [
            pod.At("metadata", "name").Text(""),
            string.Create(CultureInfo.InvariantCulture, $"{ready}/{total}"),
            reason,
            restartsText,
            Age(pod, now),
            OrNone(status.At("podIPs").Items().Select(address => address.At("ip").Text()).FirstOrDefault() ?? status.At("podIP").Text()),
            OrNone(spec.At("nodeName").Text()),
            OrNone(status.At("nominatedNodeName").Text()),
            gatesText,
        ];
    }

    private static string Ended(JsonElement terminated)
    {
        if (terminated.At("reason").Text() is { Length: > 0 } reason)
            return reason;
        return terminated.At("signal").Integer(0) is var signal and not 0
            ? string.Create(CultureInfo.InvariantCulture, $"Signal:{signal}")
            : string.Create(CultureInfo.InvariantCulture, $"ExitCode:{terminated.At("exitCode").Integer(0)}");
    }

    private static bool IsInitialized(JsonElement status) => Holds(status, "Initialized");

    private static bool IsReady(JsonElement status) => Holds(status, "Ready");

    private static bool Holds(JsonElement status, string type) => status.At("conditions").Items()
        .Any(condition => condition.At("type").Text() == type && condition.At("status").Text() == "True");

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other ?? one : one;
}
