namespace Tests.Cluster.Clusters;

/// <summary>What <see cref="PolicyEnforcement"/> and <see cref="Probers"/> make of clusters that are not as they should be.</summary>
public sealed class PolicyEnforcementTests
{
    [Test]
    public async Task A_network_that_keeps_open_what_a_policy_closes_is_noticed_with_what_to_do()
    {
        await using var cluster = await SimulatedClusterUnderTest.StartAsync();
        // Policies add up: what this one allows, the check's own cannot deny.
        await cluster.ApplyAsync($$"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: {{PolicyEnforcement.Namespace}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: open, namespace: {{PolicyEnforcement.Namespace}} }
            spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }
            """);

        var noticed = await Noticed.ByAsync(() => PolicyEnforcement.AwaitAsync(cluster, TimeSpan.FromSeconds(1)));

        Assert.That(noticed, Does.Contain("It accepts policies and ignores them where its network plugin does not: use kind 0.24 or newer"));
        Assert.That((await cluster.ListAsync("namespaces", PolicyEnforcement.Namespace)).Select(each => each.GetProperty("metadata")).Where(metadata => metadata.GetProperty("name").GetString() == PolicyEnforcement.Namespace && !metadata.TryGetProperty("deletionTimestamp", out _)), Is.Empty, "the check removes its namespace");
    }

    [Test]
    public async Task Probers_replace_those_of_a_run_that_was_cut_off_and_leave_nothing()
    {
        await using var cluster = await SimulatedClusterUnderTest.StartAsync();
        await Probers.StartAsync(cluster);

        await (await Probers.StartAsync(cluster)).DisposeAsync();

        foreach (var @namespace in (string[])[PayingSystem.Invoices, PayingSystem.Payments])
            await Eventually.HoldsAsync(() => cluster.ListAsync("pods", @namespace), pods => pods.Count == 4, "the system's own pods are left");
        await Eventually.HoldsAsync(
            () => cluster.ListAsync("namespaces", Probers.Strangers), all => all.All(each => each.GetProperty("metadata").GetProperty("name").GetString() != Probers.Strangers), "the strangers' namespace is gone");
    }

    [Test]
    public async Task A_prober_has_the_labels_that_policies_select_by_and_serves_nobody()
    {
        await using var cluster = await SimulatedClusterUnderTest.StartAsync();

        await using var probers = await Probers.StartAsync(cluster);

        var prober = (await cluster.ListAsync("pods", PayingSystem.Invoices)).Single(pod => pod.GetProperty("metadata").GetProperty("name").GetString() == Probers.InvoiceApp.Name);
        Assert.That(prober.GetProperty("metadata").GetProperty("labels").GetRawText(), Is.EqualTo("""{"app.kubernetes.io/name":"invoice-app"}"""));
        Assert.That(await cluster.PodsAsync(PayingSystem.Invoices, PayingSystem.InvoiceAppPods), Has.Count.EqualTo(3));
        var addresses = (await cluster.ListAsync("endpointslices", PayingSystem.Invoices, "kubernetes.io/service-name=invoice-app")).SelectMany(slice => slice.GetProperty("endpoints").EnumerateArray());
        Assert.That(addresses.Count(), Is.EqualTo(3));
    }
}
