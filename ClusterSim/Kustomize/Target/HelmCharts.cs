using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Target;

/// <summary>The refusal of Helm charts in kustomizations.</summary>
internal static class HelmCharts
{
    public static KustomizeException Refused(string place) =>
        new($"{place}: Helm charts are not rendered in a kustomization: render the chart with `helm template RELEASE CHART > chart.yaml` and name chart.yaml in resources");
}
