using System.Collections.Immutable;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Scheduling.Plugins;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>Runs the plugins of kube-scheduler's default profile (<c>pkg/scheduler/framework/runtime</c>).</summary>
internal sealed class SchedulerProfile : IFrameworkHandle
{
    /// <summary>The profile's name, which pods have in <c>spec.schedulerName</c>.</summary>
    public const string SchedulerName = "default-scheduler";

    private readonly ImmutableArray<IPlugin> _plugins;
    private readonly ImmutableArray<IPreEnqueuePlugin> _preEnqueue;
    private readonly ImmutableArray<IPreFilterPlugin> _preFilter;
    private readonly ImmutableArray<IFilterPlugin> _filter;
    private readonly ImmutableArray<IPreScorePlugin> _preScore;
    private readonly ImmutableArray<ScorePlugin> _score;
    private readonly ImmutableArray<IPreBindPlugin> _preBind;

    /// <summary>A profile of these plugins, which run in this order at each of their extension points.</summary>
    public SchedulerProfile(IEnumerable<(IPlugin Plugin, int ScoreWeight)> plugins)
    {
        var configured = plugins.ToList();
        _plugins = [.. configured.Select(one => one.Plugin)];
        _preEnqueue = [.. _plugins.OfType<IPreEnqueuePlugin>()];
        _preFilter = [.. _plugins.OfType<IPreFilterPlugin>()];
        _filter = [.. _plugins.OfType<IFilterPlugin>()];
        _preScore = [.. _plugins.OfType<IPreScorePlugin>()];
        _score = [.. configured.Where(one => one.Plugin is IScorePlugin).Select(one => new ScorePlugin((IScorePlugin)one.Plugin, one.ScoreWeight))];
        _preBind = [.. _plugins.OfType<IPreBindPlugin>()];
        Bind = _plugins.OfType<IBindPlugin>().Single();
    }

    /// <summary>The plugin that binds pods.</summary>
    public IBindPlugin Bind { get; }

    /// <summary>The plugins and score weights of the default configuration (<c>getDefaultPlugins</c>).</summary>
    public static SchedulerProfile Default(ApiClient client, INodeInfoLister lister, Func<string, IReadOnlyDictionary<string, string>> namespaceLabels) => new(
    [
        (new SchedulingGates(), 0),
        (new NodeUnschedulable(), 0),
        (new TaintToleration(), 3),
        (new NodeAffinity(), 2),
        (new NodePorts(), 0),
        (new NodeResourcesFit(), 1),
        (new VolumeBinding(client), 0),
        (new PodTopologySpread(lister), 2),
        (new InterPodAffinity(lister, namespaceLabels), 2),
        (new NodeResourcesBalancedAllocation(), 1),
        (new ImageLocality(lister), 1),
        (new DefaultBinder(client), 0),
    ]);

    /// <summary>Returns whether the pod names this profile.</summary>
    public static bool ResponsibleForPod(Document pod) => pod.Spec.At("schedulerName").Text(SchedulerName) == SchedulerName;

    /// <summary>Returns whether the pod is waiting for this profile to schedule it.</summary>
    public static bool AwaitsScheduling(Document pod) => pod.NodeName is null && !pod.IsDeleting && !pod.IsEnded() && ResponsibleForPod(pod);

    /// <summary>Returns the plugins whose rejections an event may undo.</summary>
    public IReadOnlySet<string> PluginsAwaiting(ClusterEvents events) => _plugins.OfType<IEnqueueExtensions>()
        .Where(plugin => (plugin.EventsToRegister & events) != ClusterEvents.None).Select(plugin => plugin.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Returns the first plugin's reason not to schedule the pod at all, or null.</summary>
    public Status? RunPreEnqueuePlugins(Document pod)
    {
        foreach (var plugin in _preEnqueue)
            if (plugin.PreEnqueue(pod) is { } status)
                return status;
        return null;
    }

    /// <summary>Prepares the filters; returns the first plugin's reason why no node fits, or null.</summary>
    public Status? RunPreFilterPlugins(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes)
    {
        var filters = _filter;
        foreach (var plugin in _preFilter)
        {
            if (plugin.PreFilter(state, pod, nodes) is not { } status)
                continue;
            if (status.Code != Code.Skip)
                return status;
            filters = Without(filters, plugin);
        }
        state.FilterPlugins = filters;
        return null;
    }

    /// <inheritdoc/>
    public CycleState Recount(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes)
    {
        var recounted = state.Clone();
        foreach (var filter in state.FilterPlugins)
            if (filter is IPreFilterPlugin { CountsPods: true } plugin && plugin.PreFilter(recounted, pod, nodes) is { Code: Code.Skip })
                recounted.FilterPlugins = Without(recounted.FilterPlugins, plugin);
        return recounted;
    }

    /// <inheritdoc/>
    public Status? RunFilterPlugins(CycleState state, PodInfo pod, NodeInfo node)
    {
        foreach (var plugin in state.FilterPlugins)
            if (plugin.Filter(state, pod, node) is { } status)
                return status;
        return null;
    }

    /// <summary>Prepares the scores.</summary>
    public void RunPreScorePlugins(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes)
    {
        var scores = _score;
        foreach (var plugin in _preScore)
            if (plugin.PreScore(state, pod, nodes) is { Code: Code.Skip })
                scores = scores.RemoveAll(score => ReferenceEquals(score.Plugin, plugin));
        state.ScorePlugins = scores;
    }

    /// <summary>Returns the nodes' weighted scores.</summary>
    public static double[] RunScorePlugins(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes)
    {
        var totals = new double[nodes.Count];
        var scores = new double[nodes.Count];
        foreach (var (plugin, weight) in state.ScorePlugins)
        {
            for (var i = 0; i < scores.Length; i++)
                scores[i] = plugin.Score(state, pod, nodes[i]);
            plugin.NormalizeScore(scores);
            for (var i = 0; i < scores.Length; i++)
                totals[i] += weight * scores[i];
        }
        return totals;
    }

    /// <summary>Returns the plugins that have work to do before the pod of this cycle is bound.</summary>
    public ImmutableArray<IPreBindPlugin> RunPreBindPreFlights(CycleState state) => _preBind.RemoveAll(plugin => !plugin.PreBindPreFlight(state));

    private static ImmutableArray<IFilterPlugin> Without(ImmutableArray<IFilterPlugin> filters, IPlugin plugin) =>
        plugin is IFilterPlugin filter ? filters.Remove(filter) : filters;
}
