using System.CommandLine;
using ClusterSim.Manifests;
using Harness.Kube;

namespace Harness.Commands;

/// <summary>The options of <c>harness up --helm</c>: a chart in the place of the kustomization of harness.yaml.</summary>
internal sealed class HelmOptions
{
    private readonly Option<string?> _chart = new("--helm") { Description = "A Helm chart to apply in place of the kustomization; needs an installed helm." };
    private readonly Option<string?> _release = new("--helm-release") { Description = "The name of the release; the name of the chart's folder where not given." };
    private readonly Option<string?> _values = new("--helm-values") { Description = "A file of values." };
    private readonly Option<string> _namespace = new("--helm-namespace") { Description = "The namespace of the release; it is created.", DefaultValueFactory = _ => "default" };

    public void AddTo(Command command)
    {
        command.Options.Add(_chart);
        command.Options.Add(_release);
        command.Options.Add(_values);
        command.Options.Add(_namespace);
    }

    /// <summary>Returns what renders the chart; null where none is given.</summary>
    public Func<IReadOnlyList<Manifest>>? Read(CommandContext context, ParseResult parsed)
    {
        if (parsed.GetValue(_chart) is not { } chart)
            return null;
        var folder = Path.GetFullPath(chart, context.Process.WorkingDirectory);
        var release = parsed.GetValue(_release) ?? Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(folder));
        var @namespace = parsed.GetValue(_namespace)!;
        var values = parsed.GetValue(_values) is { } file ? File.ReadAllText(Path.GetFullPath(file, context.Process.WorkingDirectory)) : null;
        return () => Render(folder, release, values, @namespace, context.Process.Environment.GetValueOrDefault("HELM") ?? "helm");
    }

    private static IReadOnlyList<Manifest> Render(string chart, string release, string? values, string @namespace, string helm)
    {
        try
        {
            var rendered = HelmChart.Render(chart, release, values, @namespace, helm);
            var own = KubeJson.Object(("apiVersion", "v1"), ("kind", "Namespace"), ("metadata", KubeJson.Object(("name", @namespace))));
            return [new Manifest(own, $"helm template {release} {chart}"), .. rendered];
        }
        catch (ManifestException ex)
        {
            throw new CommandException(ex.Message);
        }
    }
}
