using System.Text.Json;
using ClusterSim.Validation.Core;

namespace ClusterSim.Tests.Validation;

/// <summary>What is stored and has no effect here is told, not passed over.</summary>
public sealed class WarningTests
{
    [Test]
    public void Source_ranges_of_a_load_balancer_are_not_acted_on_and_that_is_said()
    {
        var service = JsonElement.Parse("""{"spec":{"type":"LoadBalancer","loadBalancerSourceRanges":["10.0.0.0/8"]}}""");

        var warnings = new ServiceStrategy().Warnings(service, default);

        Assert.That(warnings, Has.One.StartsWith("spec.loadBalancerSourceRanges is stored and not acted on"));
    }
}
