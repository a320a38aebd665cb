using System.Text.Json;

namespace ClusterSim.Scheduling.Framework;

/// <summary>A port of the node that a pod uses (<c>framework.HostPortInfo</c>).</summary>
internal readonly record struct HostPort(string Address, string Protocol, int Port)
{
    private const string AnyAddress = "0.0.0.0";

    /// <summary>Reads the host ports of a pod spec.</summary>
    public static IEnumerable<HostPort> Of(JsonElement spec)
    {
        foreach (var container in spec.At("containers").Items())
            foreach (var port in container.At("ports").Items())
                if (port.At("hostPort").Integer(0) is > 0 and var number)
                    yield return new HostPort(port.At("hostIP").Text() is { Length: > 0 } address ? address : AnyAddress, port.At("protocol").Text("TCP"), number);
    }

    /// <summary>Returns whether one node cannot have both.</summary>
    public bool Conflicts(HostPort other) =>
        Port == other.Port && Protocol == other.Protocol && (Address == other.Address || Address == AnyAddress || other.Address == AnyAddress);
}
