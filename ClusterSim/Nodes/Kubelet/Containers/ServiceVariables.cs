using System.Globalization;
using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// The variables that tell a container of Services (<c>envvars.FromServices</c>): those of its namespace unless <c>enableServiceLinks</c>
/// is false, and the API server's always.
/// </summary>
internal static class ServiceVariables
{
    /// <summary>The variables for a pod, from the Services there are now.</summary>
    public static Dictionary<string, string> Of(ApiClient client, Document pod)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        var services = client.Resource("services");
        if (client.Find(services, new ObjectKey("default", "kubernetes")) is { } master)
            Add(result, master);
        if (pod.Spec.At("enableServiceLinks").Flag(true))
            foreach (var service in client.Snapshot(services).All(pod.Namespace))
                Add(result, service);
        return result;
    }

    private static void Add(Dictionary<string, string> result, Document service)
    {
        var address = service.Spec.At("clusterIP").Text("");
        if (address.Length == 0 || address == "None")
            return;
        var ports = service.Spec.At("ports").Items().ToList();
        if (ports.Count == 0)
            return;
        var name = Variable(service.Name);
        result[name + "_SERVICE_HOST"] = address;
        result[name + "_SERVICE_PORT"] = Port(ports[0]);
        foreach (var port in ports)
            if (port.At("name").Text("") is { Length: > 0 } named)
                result[$"{name}_SERVICE_PORT_{Variable(named)}"] = Port(port);
        for (var i = 0; i < ports.Count; i++)
        {
            var protocol = ports[i].At("protocol").Text("TCP");
            var url = $"{protocol.ToLowerInvariant()}://{address}:{Port(ports[i])}";
            if (i == 0)
                result[name + "_PORT"] = url;
            var prefix = $"{name}_PORT_{Port(ports[i])}_{protocol}";
            result[prefix] = url;
            result[prefix + "_PROTO"] = protocol.ToLowerInvariant();
            result[prefix + "_PORT"] = Port(ports[i]);
            result[prefix + "_ADDR"] = address;
        }
    }

    private static string Port(System.Text.Json.JsonElement port) => port.At("port").Integer(0).ToString(CultureInfo.InvariantCulture);

    private static string Variable(string name) => name.Replace('-', '_').ToUpperInvariant();
}
