using System.Text.Json;
using ClusterSim.Objects;

namespace ClusterSim.Admission.PodSecurityStandards;

/// <summary>A broken rule of the Pod Security Standards.</summary>
/// <param name="Reason">Which.</param>
/// <param name="Detail">Who breaks it, and what would be right.</param>
internal readonly record struct PodSecurityViolation(string Reason, string Detail)
{
    /// <summary>As it stands in a message.</summary>
    public override string ToString() => Detail.Length == 0 ? Reason : $"{Reason} ({Detail})";
}

/// <summary>A pod, or a pod template, as the checks see it.</summary>
/// <param name="Metadata">Its metadata.</param>
/// <param name="Spec">Its spec.</param>
/// <param name="Minor">The version of the standards, as a minor version of Kubernetes 1.</param>
internal readonly record struct PodUnderCheck(JsonElement Metadata, JsonElement Spec, int Minor)
{
    /// <summary>Its containers of all kinds, by name and security context.</summary>
    public IEnumerable<(string Name, JsonElement Container, JsonElement Context)> Containers =>
        Spec.VisitContainers(ContainerType.AllContainers).Select(container => (container.At("name").Text(""), container, container.At("securityContext")));

    /// <summary>The pod's own security context.</summary>
    public JsonElement Context => Spec.At("securityContext");

    /// <summary>Whether it says that it is for Windows, where some rules make no sense (from 1.25 on).</summary>
    public bool IsWindows => Minor >= 25 && Spec.At("os", "name").Text() == "windows";

    /// <summary>Whether it runs in a user namespace, where root is not root (from 1.35 on).</summary>
    public bool HasUserNamespace => Minor >= 35 && Spec.At("hostUsers").Flag() == false;
}

/// <summary>One rule: what it is called, from which version on it holds, and what it finds.</summary>
/// <param name="Id">Its name, which orders the rules of a level.</param>
/// <param name="Level">The level it belongs to.</param>
/// <param name="Minor">The first version it holds in.</param>
/// <param name="Find">What breaks it; null for nothing.</param>
/// <param name="Overrides">The rule of the lower level that it takes the place of; null for none.</param>
internal sealed record PodSecurityCheck(
    string Id, PodSecurityLevel Level, int Minor, Func<PodUnderCheck, PodSecurityViolation?> Find, string? Overrides = null);

/// <summary>The wording that the checks share.</summary>
internal static class PodSecurityWords
{
    /// <summary>One or more.</summary>
    public static string Plural(string one, string more, int count) => count == 1 ? one : more;

    /// <summary><c>"a", "b"</c>.</summary>
    public static string Quoted(IEnumerable<string> names) => $"\"{string.Join("\", \"", names)}\"";

    /// <summary><c>container "a"</c>; <c>containers "a", "b"</c>.</summary>
    public static string Containers(IReadOnlyCollection<string> names) => $"{Plural("container", "containers", names.Count)} {Quoted(names)}";

    /// <summary><c>pod and containers "a", "b"</c>: who set something itself.</summary>
    public static string Setters(bool pod, IReadOnlyCollection<string> containers) =>
        string.Join(" and ", ((IEnumerable<string>)[pod ? "pod" : "", containers.Count > 0 ? Containers(containers) : ""]).Where(text => text.Length > 0));

    /// <summary>Without repetition, in order.</summary>
    public static List<string> Sorted(IEnumerable<string> values) => [.. values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
