using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Admission;

/// <summary>
/// A pod's priority comes from its PriorityClass, or the one that is the default (<c>plugin/pkg/admission/priority</c>).
/// </summary>
internal sealed class Priority(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource PriorityClasses = new("scheduling.k8s.io", "priorityclasses");
    private static readonly (string Name, int Value, string Description)[] BuiltIn =
    [
        ("system-cluster-critical", 2_000_000_000, "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."),
        ("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
    ];

    /// <summary>Writes the two classes every cluster has, where they are missing.</summary>
    public static void Install(VersionedStore store, TimeProvider clock, Randomness random)
    {
        foreach (var (name, value, description) in BuiltIn)
            if (store.Find(PriorityClasses, new(null, name)) is null)
                store.Create(PriorityClasses, new(null, name), Object(
                    ("kind", "PriorityClass"), ("apiVersion", "scheduling.k8s.io/v1"),
                    ("metadata", Object(("name", name), ("uid", random.NextUid()), ("creationTimestamp", clock.GetUtcNow().Stamp()), ("generation", 1))),
                    ("value", value), ("description", description), ("preemptionPolicy", "PreemptLowerPriority")));
    }

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (Is(request, Pods, Update))
        {
            // A pod's priority was set when it was made, and an update that leaves it out keeps it.
            var kept = request.Object!.Ensure("spec");
            if (kept["priority"] is null && request.Old.At("spec", "priority").ToNode() is { } priority)
                kept["priority"] = priority;
            if (kept["preemptionPolicy"] is null && request.Old.At("spec", "preemptionPolicy").ToNode() is { } policy)
                kept["preemptionPolicy"] = policy;
            return;
        }
        if (!Is(request, Pods, Create))
            return;
        var spec = request.Object!.Ensure("spec");
        var name = spec.Text("priorityClassName");
        var chosen = string.IsNullOrEmpty(name)
            ? Default()
            : store.Find(PriorityClasses, new(null, name)) ?? throw Forbidden(request, $"no PriorityClass with name {name} was found");
        if (string.IsNullOrEmpty(name) && chosen is not null)
            spec["priorityClassName"] = chosen.Name;
        var computed = chosen?.Root.At("value").Integer() ?? 0;
        if (spec.Integer("priority") is { } said && said != computed)
            throw Forbidden(request,
                $"the integer value of priority ({said}) must not be provided in pod spec; priority admission controller computed {computed} from the given PriorityClass name");
        spec["priority"] = computed;
        var preemption = chosen?.Root.At("preemptionPolicy").Text() ?? "PreemptLowerPriority";
        if (spec.Text("preemptionPolicy") is { } wanted && wanted != preemption)
            throw Forbidden(request,
                $"the string value of PreemptionPolicy ({wanted}) must not be provided in pod spec; priority admission controller computed {preemption} from the given PriorityClass name");
        spec["preemptionPolicy"] = preemption;
    }

    /// <inheritdoc/>
    public override void Validate(AdmissionRequest request)
    {
        if (request.Operation == Delete || request.Target.Resource.GroupResource != PriorityClasses || request.Object!["globalDefault"]?.GetValue<bool>() is not true)
            return;
        if (store.Current(PriorityClasses).All().FirstOrDefault(other => other.Root.At("globalDefault").Flag(false) && other.Name != NameOf(request)) is { } other)
            throw Forbidden(request, $"PriorityClass {other.Name} is already marked as default. Only one default can exist");
    }

    // Of several defaults (there may be, for a moment) the lowest counts.
    private Document? Default() => store.Current(PriorityClasses).All()
        .Where(one => one.Root.At("globalDefault").Flag(false)).MinBy(one => one.Root.At("value").Integer() ?? 0);
}
