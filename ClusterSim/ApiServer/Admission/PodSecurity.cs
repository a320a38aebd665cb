using System.Collections.Concurrent;
using System.Text.Json;
using ClusterSim.Admission.PodSecurityStandards;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Admission;

/// <summary>
/// The Pod Security Standards, as a namespace's labels ask for them (<c>k8s.io/pod-security-admission/admission</c>): pods that break the
/// enforced level are refused, writers of pods and of what makes pods are warned of the warned level. Nobody is exempt.
/// </summary>
internal sealed class PodSecurity(VersionedStore store) : AdmissionPlugin
{
    private const int PodsCheckedMax = 3000;

    // The version of Kubernetes that "latest" is.
    private static readonly int LatestMinor = KubernetesVersion.MinorNumber;
    private static readonly GroupResource Namespaces = new("", "namespaces");
    private static readonly IReadOnlyList<PodSecurityCheck> Checks = [.. BaselineChecks.All, .. RestrictedChecks.All];
    private readonly ConcurrentDictionary<LevelVersion, IReadOnlyList<PodSecurityCheck>> _inForce = new();

    /// <inheritdoc/>
    public override void Validate(AdmissionRequest request)
    {
        if (request.Object is null)
            return;
        var resource = request.Target.Resource.GroupResource;
        if (resource == Namespaces)
        {
            if (request.Target.Subresource is null)
                ValidateNamespace(request);
            return;
        }
        if (request.Target.Namespace is not { } name || !request.Target.Resource.Namespaced)
            return;
        var pod = resource == Pods;
        if (pod ? request.Target.Subresource is "status" or "binding" or "eviction" : request.Target.Subresource is not null || !HasTemplate(resource))
            return;
        if (store.Find(Namespaces, new(null, name)) is not { } @namespace)
            return;
        var policy = PodSecurityPolicy.Of(@namespace.Labels);
        if (policy.Warn.Level == PodSecurityLevel.Privileged && (!pod || policy.Enforce.Level == PodSecurityLevel.Privileged))
            return;
        var view = request.Object.ToElement();
        if (pod && request.Operation == Update && !IsSignificant(view, request.Old))
            return;
        var (metadata, spec) = pod ? (view.At("metadata"), view.At("spec")) : Template(resource, view);
        if (!spec.Exists())
            return;
        if (pod && Evaluate(policy.Enforce, metadata, spec) is { Count: > 0 } broken)
            throw Forbidden(request, $"violates PodSecurity \"{policy.Enforce}\": {string.Join(", ", broken)}");
        if (Evaluate(policy.Warn, metadata, spec) is { Count: > 0 } warned)
            request.Warnings.Add($"would violate PodSecurity \"{policy.Warn}\": {string.Join(", ", warned)}");
    }

    /// <summary>What a pod breaks of a level, in Kubernetes' order.</summary>
    public IReadOnlyList<PodSecurityViolation> Evaluate(LevelVersion level, JsonElement metadata, JsonElement spec)
    {
        if (level.Level == PodSecurityLevel.Privileged)
            return [];
        var pod = new PodUnderCheck(metadata, spec, level.Minor is { } minor && minor < LatestMinor ? minor : LatestMinor);
        List<PodSecurityViolation>? broken = null;
        foreach (var check in _inForce.GetOrAdd(level, InForce))
            if (check.Find(pod) is { } violation)
                (broken ??= []).Add(violation);
        return broken ?? [];
    }

    // Baseline rules, then those of restricted, each by name; a restricted rule that overrides a baseline one takes it out.
    private static IReadOnlyList<PodSecurityCheck> InForce(LevelVersion level)
    {
        var minor = level.Minor ?? LatestMinor;
        var held = Checks.Where(check => check.Level <= level.Level && check.Minor <= minor).ToList();
        var overridden = held.Select(check => check.Overrides).ToHashSet(StringComparer.Ordinal);
        return [.. held.Where(check => !overridden.Contains(check.Id)).OrderBy(check => check.Level).ThenBy(check => check.Id, StringComparer.Ordinal)];
    }

    private void ValidateNamespace(AdmissionRequest request)
    {
        var policy = PodSecurityPolicy.Of(request.Object!.ToElement().At("metadata", "labels").TextMap());
        var before = request.Operation == Update ? PodSecurityPolicy.Of(request.Old.At("metadata", "labels").TextMap()) : null;
        if (policy.Errors.Count > 0 && (before is null || !before.Errors.SequenceEqual(policy.Errors, StringComparer.Ordinal)))
            throw new KubernetesApiException(
                422, "Invalid", policy.Errors is [var one] ? one : $"[{string.Join(", ", policy.Errors)}]", Object(("name", NameOf(request)), ("kind", "namespaces")));
        if (before is null || policy.Enforce == before.Enforce || policy.Enforce.Level == PodSecurityLevel.Privileged
            || (policy.Enforce.Minor == before.Enforce.Minor && policy.Enforce.Level <= before.Enforce.Level))
            return;
        var broken = store.Current(Pods).All(NameOf(request)).Take(PodsCheckedMax)
            .Select(pod => (pod.Name, Reasons: string.Join(", ", Evaluate(policy.Enforce, pod.Metadata, pod.Spec).Select(violation => violation.Reason))))
            .Where(pod => pod.Reasons.Length > 0)
            .GroupBy(pod => pod.Reasons, StringComparer.Ordinal)
            .Select(alike => alike.Count() switch
            {
                1 => $"{alike.First().Name}: {alike.Key}",
                2 => $"{alike.First().Name} (and 1 other pod): {alike.Key}",
                var count => $"{alike.First().Name} (and {count - 1} other pods): {alike.Key}",
            })
            .Order(StringComparer.Ordinal).ToList();
        if (broken.Count == 0)
            return;
        request.Warnings.Add($"existing pods in namespace \"{NameOf(request)}\" violate the new PodSecurity enforce level \"{policy.Enforce}\"");
        foreach (var line in broken)
            request.Warnings.Add(line);
    }

    // Of what an update can change in a pod, only images, new ephemeral containers and the profiles' annotations matter.
    private static bool IsSignificant(JsonElement pod, JsonElement old)
    {
        var (now, before) = (pod.At("spec").VisitContainers(ContainerType.AllContainers).ToList(), old.At("spec").VisitContainers(ContainerType.AllContainers).ToList());
        if (now.Count != before.Count || now.Zip(before).Any(pair => pair.First.At("image").Text() != pair.Second.At("image").Text()))
            return true;
        return !Profiles(pod).SequenceEqual(Profiles(old));

        static IEnumerable<(string, string)> Profiles(JsonElement pod) => pod.At("metadata", "annotations").Fields()
            .Where(field => field.Name.Contains("seccomp.security.alpha.kubernetes.io/", StringComparison.Ordinal) || field.Name.StartsWith("container.apparmor.security.beta.kubernetes.io/", StringComparison.Ordinal))
            .Select(field => (field.Name, field.Value.Text(""))).Order();
    }

    private static bool HasTemplate(GroupResource resource) => (resource.Group, resource.Resource) is
        ("", "replicationcontrollers" or "podtemplates") or ("apps", "deployments" or "replicasets" or "statefulsets" or "daemonsets") or ("batch", "jobs" or "cronjobs");

    private static (JsonElement Metadata, JsonElement Spec) Template(GroupResource resource, JsonElement view)
    {
        var template = resource.Resource switch
        {
            "podtemplates" => view.At("template"),
            "cronjobs" => view.At("spec", "jobTemplate", "spec").At("template"),
            _ => view.At("spec", "template"),
        };
        return (template.At("metadata"), template.At("spec"));
    }
}
