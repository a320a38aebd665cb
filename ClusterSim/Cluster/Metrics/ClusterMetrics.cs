using System.Text.Json;
using ClusterSim.Controllers.Autoscaling;
using ClusterSim.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Metrics;

/// <summary>
/// What pods and nodes use, as <c>metrics.k8s.io</c>, <c>kubectl top</c> and the autoscaler are told. The simulator cannot measure one pod among many
/// in its process: the values are those given here or by annotations (<c>clustersim/usage-cpu</c>, <c>clustersim/usage-memory</c>), and unknown, as
/// from a metrics-server that has no sample yet, where nobody gave any. What is given here counts before annotations, the newest first.
/// </summary>
public sealed class ClusterMetrics : IPodMetrics
{
    private readonly Lock _lock = new();
    private readonly List<Given> _pods = [];
    private readonly Dictionary<string, Given> _nodes = new(StringComparer.Ordinal);

    internal ClusterMetrics()
    {
    }

    /// <inheritdoc/>
    bool IPodMetrics.Exist => true;

    /// <summary>Says what one pod uses.</summary>
    /// <param name="namespace">The pod's namespace.</param>
    /// <param name="pod">Its name; it need not exist yet.</param>
    /// <param name="cpu">A quantity of cores (<c>250m</c>); null leaves what was said before.</param>
    /// <param name="memory">A quantity of bytes (<c>64Mi</c>); null leaves what was said before.</param>
    /// <param name="container">Which container; may be null where the pod has only one.</param>
    /// <exception cref="FormatException">A quantity is malformed or negative.</exception>
    public void SetPod(string @namespace, string pod, string? cpu = null, string? memory = null, string? container = null) =>
        Add(new Given(@namespace, pod, null, container, Read(cpu), Read(memory)));

    /// <summary>Says what each pod uses that a label selector matches, those included that are made later.</summary>
    /// <param name="namespace">The pods' namespace.</param>
    /// <param name="labelSelector">A selector as kubectl takes it (<c>app=shop</c>); empty for all.</param>
    /// <param name="cpu">A quantity of cores (<c>250m</c>); null leaves what was said before.</param>
    /// <param name="memory">A quantity of bytes (<c>64Mi</c>); null leaves what was said before.</param>
    /// <param name="container">Which container; may be null where a pod has only one.</param>
    /// <exception cref="FormatException">A quantity or the selector is malformed.</exception>
    public void SetPods(string @namespace, string labelSelector, string? cpu = null, string? memory = null, string? container = null) =>
        Add(new Given(@namespace, null, labelSelector, container, Read(cpu), Read(memory)));

    /// <summary>Says what a node uses. Without this it is the sum of its pods, if that of each of them is known.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="cpu">A quantity of cores; null leaves what was said before.</param>
    /// <param name="memory">A quantity of bytes; null leaves what was said before.</param>
    /// <exception cref="FormatException">A quantity is malformed or negative.</exception>
    public void SetNode(string node, string? cpu = null, string? memory = null)
    {
        lock (_lock)
        {
            _nodes.TryGetValue(node, out var before);
            _nodes[node] = new Given("", node, null, null, Read(cpu) ?? before?.Cpu, Read(memory) ?? before?.Memory);
        }
    }

    /// <summary>Forgets everything that was given here.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _pods.Clear();
            _nodes.Clear();
        }
    }

    /// <inheritdoc/>
    Quantity? IPodMetrics.Usage(Document pod, string resource, string? container) => UsageOf(pod, resource, container);

    /// <summary>What a pod or one of its containers uses; null where it is unknown, of any container of the pod if none is named, or the pod does not run.</summary>
    internal Quantity? UsageOf(Document pod, string resource, string? container)
    {
        if (pod.Status.At("phase").Text() != "Running")
            return null;
        var containers = pod.Spec.At("containers");
        var isOnly = containers.Count() == 1;
        Quantity? sum = null;
        foreach (var one in containers.Items())
        {
            var name = one.At("name").Text("");
            if (container is not null && name != container)
                continue;
            if (Told(pod, resource, name, isOnly) is not { } usage)
                return null;
            sum = sum is { } before ? before + usage : usage;
        }
        foreach (var sidecar in pod.Spec.Sidecars())
            if (sidecar.At("name").Text("") is var name && (container is null || name == container) && Told(pod, resource, name, isOnly: false) is { } usage)
                sum = sum is { } before ? before + usage : usage;
        return sum;
    }

    /// <summary>What was said that a node uses; null where nothing was.</summary>
    internal Quantity? UsageOf(Document node, string resource)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(node.Name, out var given) && given.Of(resource) is { } usage)
                return usage;
        }
        return UsageAnnotations.Read(node.Metadata, resource, null, isOnly: true);
    }

    private Quantity? Told(Document pod, string resource, string container, bool isOnly)
    {
        lock (_lock)
        {
            for (var i = _pods.Count - 1; i >= 0; i--)
                if (_pods[i].Of(resource) is { } usage && _pods[i].IsOf(pod, container, isOnly))
                    return usage;
        }
        return UsageAnnotations.Read(pod.Metadata, resource, container, isOnly);
    }

    private void Add(Given given)
    {
        lock (_lock)
        {
            var at = _pods.FindIndex(before => before.IsAbout(given));
            if (at >= 0)
            {
                given = given with { Cpu = given.Cpu ?? _pods[at].Cpu, Memory = given.Memory ?? _pods[at].Memory };
                _pods.RemoveAt(at);
            }
            _pods.Add(given);
        }
    }

    private static Quantity? Read(string? text)
    {
        if (text is null)
            return null;
        if (!Quantity.TryParse(text, out var quantity, out var complaint))
            throw new FormatException($"\"{text}\": {complaint}");
        return quantity.Sign >= 0 ? quantity : throw new FormatException($"\"{text}\": must be greater than or equal to 0");
    }

    private sealed record Given(string Namespace, string? Name, string? Labels, string? Container, Quantity? Cpu, Quantity? Memory)
    {
        private readonly LabelSelector? _selector = Labels is null ? null : LabelSelector.Of(new LabelSelectorParser(Labels).Read());

        public Quantity? Of(string resource) => resource switch { "cpu" => Cpu, "memory" => Memory, _ => null };

        public bool IsOf(Document pod, string container, bool isOnly) =>
            pod.Namespace == Namespace
            && (Container is null ? isOnly : Container == container)
            && (Name is null || Name == pod.Name)
            && (_selector is null || _selector.Matches(pod.Labels));

        public bool IsAbout(Given other) =>
            (Namespace, Name, Labels, Container) == (other.Namespace, other.Name, other.Labels, other.Container);
    }
}
