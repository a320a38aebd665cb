using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Manifests;

/// <summary>Renders Helm charts with an installed <c>helm template</c>.</summary>
public static class HelmChart
{
    private const string HookAnnotation = "helm.sh/hook";
    private const string WeightAnnotation = "helm.sh/hook-weight";

    /// <summary>
    /// Renders a chart as <c>helm install</c> would create it: definitions of custom resources and namespaces, hooks of <c>pre-install</c> by their weights,
    /// the chart, hooks of <c>post-install</c>. Tests and the hooks of upgrades, rollbacks and deletions are left out.
    /// </summary>
    /// <param name="chart">The folder or archive of the chart.</param>
    /// <param name="release">The name of the release.</param>
    /// <param name="values">Values as YAML, which override those of the chart; null for the chart's own.</param>
    /// <param name="namespace">The namespace of the release, which objects without one get.</param>
    /// <param name="helm">The path of helm.</param>
    /// <exception cref="ManifestException">helm is not installed, or cannot render the chart; the message has what helm says.</exception>
    public static IReadOnlyList<Manifest> Render(string chart, string release, string? values = null, string @namespace = "default", string helm = "helm")
    {
        var rendered = Manifest.Parse(Run(chart, release, values, @namespace, helm), $"helm template {release} {chart}");
        SetNamespace(rendered, @namespace);
        return
        [
            .. rendered.Where(manifest => Hooks(manifest).Count == 0).OrderBy(manifest => manifest.Kind switch { "Namespace" => 0, "CustomResourceDefinition" => 1, _ => 2 })
                .TakeWhile(manifest => manifest.Kind is "Namespace" or "CustomResourceDefinition"),
            .. WithHook(rendered, "pre-install"),
            .. rendered.Where(manifest => Hooks(manifest).Count == 0 && manifest.Kind is not ("Namespace" or "CustomResourceDefinition")),
            .. WithHook(rendered, "post-install"),
        ];
    }

    // helm install creates what names no namespace in that of the release; helm template leaves it to the reader.
    private static void SetNamespace(IReadOnlyList<Manifest> rendered, string @namespace)
    {
        var catalog = new ResourceCatalog();
        var clusterScoped = rendered.Where(manifest => manifest.Kind == "CustomResourceDefinition" && (manifest.Object["spec"] as JsonObject).Text("scope") == "Cluster")
            .Select(manifest => ((manifest.Object["spec"] as JsonObject)?["names"] as JsonObject).Text("kind")).ToHashSet(StringComparer.Ordinal);
        foreach (var manifest in rendered.Where(manifest => manifest.Namespace.Length == 0))
        {
            var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
            if (catalog.Find(new GroupVersionKind(group, version, manifest.Kind))?.Namespaced ?? !clusterScoped.Contains(manifest.Kind))
                manifest.Object.Ensure("metadata")["namespace"] = @namespace;
        }
    }

    private static IEnumerable<Manifest> WithHook(IReadOnlyList<Manifest> rendered, string hook) =>
        rendered.Where(manifest => Hooks(manifest).Contains(hook)).OrderBy(Weight);

    private static IReadOnlyList<string> Hooks(Manifest manifest) =>
        (Annotation(manifest, HookAnnotation) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int Weight(Manifest manifest) =>
        int.TryParse(Annotation(manifest, WeightAnnotation), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var weight) ? weight : 0;

    private static string? Annotation(Manifest manifest, string name) => ((manifest.Object["metadata"] as JsonObject)?["annotations"] as JsonObject).Text(name);

    private static string Run(string chart, string release, string? values, string @namespace, string helm)
    {
        var start = new ProcessStartInfo(helm) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["template", release, chart, "--namespace", @namespace, "--include-crds", "--skip-tests", "--values", "-"])
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(values ?? "{}");
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : throw new ManifestException($"{chart}: helm template: {error.GetAwaiter().GetResult().Trim()}");
        }
        catch (Win32Exception ex)
        {
            throw new ManifestException(
                $"{chart}: {helm} cannot be run ({ex.Message}): install Helm (https://helm.sh/docs/intro/install), or render the chart elsewhere with `helm template {release} {chart}` and apply the result with -f");
        }
    }
}
