using System.Net;
using System.Text;
using ClusterSim.Storage;

namespace ClusterSim.Nodes;

/// <summary>
/// <c>/etc/resolv.conf</c> of a pod: the cluster's DNS and search domains unless its dnsPolicy and dnsConfig say otherwise. The simulated
/// wire resolves names as the policy ClusterFirst does, whatever stands here.
/// </summary>
internal sealed class ResolverConfiguration(Document pod, IPAddress server, string domain)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        var own = pod.Spec.At("dnsConfig");
        var isOfCluster = pod.Spec.At("dnsPolicy").Text("ClusterFirst") is "ClusterFirst" or "ClusterFirstWithHostNet";
        List<string> searches = isOfCluster ? [$"{pod.Namespace}.svc.{domain}", $"svc.{domain}", domain] : [];
        searches.AddRange(own.At("searches").Items().Select(search => search.Text("")));
        var text = new StringBuilder();
        if (searches.Count > 0)
            text.Append("search ").AppendJoin(' ', searches.Distinct(StringComparer.Ordinal)).Append('\n');
        foreach (var address in (isOfCluster ? [server.ToString()] : Enumerable.Empty<string>()).Concat(own.At("nameservers").Items().Select(one => one.Text(""))))
            text.Append("nameserver ").Append(address).Append('\n');
        List<string> options = isOfCluster && own.At("options").Items().All(option => option.At("name").Text() != "ndots") ? ["ndots:5"] : [];
        options.AddRange(own.At("options").Items().Select(option => option.At("value").Text() is { } value ? $"{option.At("name").Text("")}:{value}" : option.At("name").Text("")));
        if (options.Count > 0)
            text.Append("options ").AppendJoin(' ', options).Append('\n');
        return text.ToString();
    }
}
