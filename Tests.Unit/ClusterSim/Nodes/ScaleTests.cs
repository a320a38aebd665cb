using System.Globalization;

namespace ClusterSim.Tests.Nodes;

[NonParallelizable]
public sealed class ScaleTests
{
    private const int PodsCount = 1000;
    private const int NodesCount = 100;

    [Test]
    public async Task A_thousand_idle_pods_cost_neither_threads_nor_timers_and_little_memory()
    {
        await using var nodes = new TestNodes(realTime: true, NodesCount);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < PodsCount; i++)
            nodes.Pod($"p{i}", """{"containers":[{"name":"main","image":"registry.k8s.io/pause:3.10"}]}""", node: $"node-{(i % NodesCount) + 1}", withToken: true);
        await Eventually.ThatAsync(() => Enumerable.Range(0, PodsCount).All(i => nodes.Condition($"p{i}", "Ready") == "True"), "every pod Ready");

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / PodsCount;
        await TestContext.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{PodsCount} pods on {NodesCount} nodes Ready; {each / 1024} KiB each, API objects and events included; {ThreadPool.ThreadCount} threads"));
        Assert.That(each, Is.LessThan(100 * 1024));
    }
}
