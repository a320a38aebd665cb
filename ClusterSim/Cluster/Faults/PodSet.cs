using System.Globalization;
using ClusterSim.Network.Policies;

namespace ClusterSim.Faults;

/// <summary>
/// Which pods a fault is about, in words that mean the same in every run, whatever suffixes pods have:
/// <c>*</c> all; <c>shop/*</c> a namespace; <c>shop/api</c> a workload's pods, those to come included, or one pod by its name;
/// <c>shop/api#0</c> the workload's first pod in the order of names, as they are when the fault begins. Several are separated by commas.
/// </summary>
public sealed class PodSet
{
    private readonly string _text;
    private readonly IReadOnlyList<Term> _terms;

    private PodSet(string text, IReadOnlyList<Term> terms)
    {
        _text = text;
        _terms = terms;
    }

    /// <summary>Every pod.</summary>
    public static PodSet All { get; } = Parse("*");

    /// <summary>Whether it speaks of places in an order (<c>#0</c>), which only a cluster can tell.</summary>
    internal bool HasPlaces => _terms.Any(term => term.Place is not null);

    /// <summary>Reads the words above.</summary>
    /// <exception cref="FormatException">They are no such words.</exception>
    public static PodSet Parse(string text)
    {
        var terms = new List<Term>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part == "*")
            {
                terms.Add(new Term(null, null, null));
                continue;
            }
            if (part.Split('/') is not [{ Length: > 0 } @namespace, { Length: > 0 } name])
                throw Wrong(part);
            int? place = null;
            if (name.Split('#') is [{ Length: > 0 } workload, var number])
            {
                if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var given))
                    throw Wrong(part);
                (name, place) = (workload, given);
            }
            if (name.Contains('#', StringComparison.Ordinal) || (name == "*" && place is not null))
                throw Wrong(part);
            terms.Add(new Term(@namespace, name == "*" ? null : name, place));
        }
        return new PodSet(text, terms);

        static FormatException Wrong(string part) =>
            new($"found '{part}', should be namespace/workload, namespace/workload#place, namespace/pod, namespace/* or *");
    }

    /// <summary>The workload that a pod's name and labels tell of: the Deployment, StatefulSet, DaemonSet or Job it is named after; else its own name.</summary>
    internal static string WorkloadOf(string pod, IReadOnlyDictionary<string, string> labels)
    {
        if (labels.TryGetValue("pod-template-hash", out var hash) && pod.LastIndexOf($"-{hash}-", StringComparison.Ordinal) is > 0 and var at)
            return pod[..at];
        var isNumberedOrSuffixed = labels.ContainsKey("apps.kubernetes.io/pod-index") || labels.ContainsKey("statefulset.kubernetes.io/pod-name")
            || labels.ContainsKey("controller-revision-hash") || labels.ContainsKey("batch.kubernetes.io/job-name");
        return isNumberedOrSuffixed && pod.LastIndexOf('-') is > 0 and var dash ? pod[..dash] : pod;
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>Whether a pod is of it. Places must have been resolved.</summary>
    internal bool Holds(PolicyPod pod)
    {
        foreach (var term in _terms)
            if ((term.Namespace is null || term.Namespace == pod.Namespace)
                && (term.Name is null || term.Name == pod.Name || term.Name == WorkloadOf(pod.Name, pod.Labels)))
                return true;
        return false;
    }

    /// <summary>The same with every place replaced by the pod that has it now.</summary>
    /// <param name="pods">The pods there are.</param>
    internal PodSet Resolve(IEnumerable<PolicyPod> pods)
    {
        if (!HasPlaces)
            return this;
        var known = pods.OrderBy(pod => pod.Name, StringComparer.Ordinal).ToList();
        return new PodSet(_text, [.. _terms.Select(term => term.Place is not { } place ? term : Named(term, place))]);

        Term Named(Term term, int place)
        {
            var candidates = known.FindAll(pod => pod.Namespace == term.Namespace && WorkloadOf(pod.Name, pod.Labels) == term.Name);
            // A place that nobody has means nobody: a pod may just be gone.
            return new Term(term.Namespace, place < candidates.Count ? candidates[place].Name : "", null);
        }
    }

    private readonly record struct Term(string? Namespace, string? Name, int? Place);
}
