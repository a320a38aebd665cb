using ClusterSim;
using ClusterSim.Access;

namespace Tests.Cluster.Clusters;

/// <summary>Commands in a pod, by each way to a cluster's API.</summary>
public sealed class ExecTests
{
    private static readonly ProberPod Pod = new("a pod", "default", "pod");

    [TestCase(false)]
    [TestCase(true)]
    public async Task Its_output_is_returned_and_an_exit_code_other_than_0_is_an_error(bool throughKubectl)
    {
        if (throughKubectl && !KubectlAccess.IsInstalled)
            Assert.Ignore("kubectl is not installed");
        await using var cluster = await SimulatedClusterUnderTest.StartEmptyAsync();
        var kubeconfig = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():N}");
        cluster.WriteKubeconfig(kubeconfig);
        await using IApiAccess api = throughKubectl ? new KubectlAccess(kubeconfig) : new ClientAccess(KubeconfigFile.Read(kubeconfig));
        cluster.ApplyYaml(Pod.Manifest(new Dictionary<string, string>(StringComparer.Ordinal)));
        await cluster.ReadyAsync(Eventually.Limit, Pod.Namespace);

        var output = await api.ExecAsync(Pod.Namespace, Pod.Name, ProberPod.Container, ["sh", "-c", "echo one; echo $POD_IP | grep -c 10.244; echo not this >&2"]);
        var failed = Assert.CatchAsync(() => api.ExecAsync(Pod.Namespace, Pod.Name, ProberPod.Container, ["sh", "-c", "echo because >&2; exit 7"]));
        File.Delete(kubeconfig);

        Assert.That(output, Is.EqualTo("one\n1\n"));
        Assert.That(failed!.Message, Does.Match("exit (code|status) 7").And.Contain("because"));
    }
}
