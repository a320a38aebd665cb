using System.Text;
using ClusterSim.Storage;

namespace ClusterSim.Nodes;

/// <summary>A pod's <c>/etc/hosts</c> as the kubelet writes it (<c>managedHostsFileContent</c>).</summary>
internal static class HostsFile
{
    private const string Header = "# Kubernetes-managed hosts file.\n"
        + "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nfe00::\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";

    /// <summary>The file's content.</summary>
    public static string Of(Document pod, string address, string clusterDomain)
    {
        var name = PodFields.HostnameOf(pod);
        var hosts = new StringBuilder(Header).Append(address).Append('\t');
        if (pod.Spec.At("subdomain").Text("") is { Length: > 0 } subdomain)
            hosts.Append(name).Append('.').Append(subdomain).Append('.').Append(pod.Namespace).Append(".svc.").Append(clusterDomain).Append('\t');
        hosts.Append(name).Append('\n');
        if (pod.Spec.At("hostAliases").Count() == 0)
            return hosts.ToString();
        hosts.Append("\n# Entries added by HostAliases.\n");
        foreach (var alias in pod.Spec.At("hostAliases").Items())
            hosts.Append(alias.At("ip").Text("")).Append('\t').AppendJoin('\t', alias.At("hostnames").Items().Select(hostname => hostname.Text(""))).Append('\n');
        return hosts.ToString();
    }
}
