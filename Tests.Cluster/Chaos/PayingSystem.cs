using ClusterSim.Nodes.Images;
using Harness.Chaos;
using Harness.Configuration;
using InvoiceApp;
using InvoiceApp.Chaos;
using PaymentProvider;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Chaos;

/// <summary>The system of harness.yaml under its scenario, with the services as they are built with the tests.</summary>
internal static class PayingSystem
{
    /// <summary>The options of a system.</summary>
    /// <param name="images">Replaces images, such as by one with a defect.</param>
    public static ChaosOptions Options(Action<ImageStore>? images = null)
    {
        var harness = HarnessYaml.Load(Repository.Path("."));
        return new ChaosOptions
        {
            Scenario = new PayingScenario(),
            Kustomization = harness.KustomizationFolder,
            PostgresImage = harness.Databases.Postgres,
            Images = store =>
            {
                SimulatedClusterUnderTest.AddService(store, "invoice-app:1.0.0", InvoiceAppService.RunAsync, "InvoiceApp");
                SimulatedClusterUnderTest.AddService(store, "payment-provider:1.0.0", PaymentProviderService.RunAsync, "PaymentProvider");
                images?.Invoke(store);
            },
        };
    }

    /// <summary>Generates the plan of a seed.</summary>
    public static ChaosPlan Plan(int seed) => new ChaosGenerator(new PayingScenario(), [ChaosOptions.PostgresName]).Generate(seed);
}
