using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;
using static ClusterSim.Tables.Rows;

namespace ClusterSim.Tables;

/// <summary>Rows of Services, endpoints and Ingresses.</summary>
internal static class NetworkRows
{
    private const int AddressesShown = 3;

    public static JsonArray Service(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        var type = spec.At("type").Text("ClusterIP");
        var internalAddress = spec.At("clusterIPs").Items().Select(address => address.Text()).FirstOrDefault() ?? spec.At("clusterIP").Text();
        var ports = spec.At("ports").Items().Select(port => port.At("nodePort").Integer(0) is var node and > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{port.At("port").Integer(0)}:{node}/{port.At("protocol").Text("TCP")}")
            : string.Create(CultureInfo.InvariantCulture, $"{port.At("port").Integer(0)}/{port.At("protocol").Text("TCP")}"));
        return [Name(o), type, OrNone(internalAddress), External(o, type), Joined(ports), Age(o, now), Labels(spec.At("selector"))];
    }

    private static string External(JsonElement service, string type)
    {
        var externals = service.At("spec", "externalIPs").Items().Select(address => address.Text("")).ToList();
        if (type == "ExternalName")
            return service.At("spec", "externalName").Text("");
        if (type != "LoadBalancer")
            return Joined(externals);
        var balancers = service.At("status", "loadBalancer", "ingress").Items().Select(entry => entry.At("ip").Text() ?? entry.At("hostname").Text("")).ToList();
        return balancers.Count + externals.Count == 0 ? "<pending>" : string.Join(',', balancers.Concat(externals));
    }

    public static JsonArray Endpoints(JsonElement o, DateTimeOffset now)
    {
        var addresses = new List<string>();
        foreach (var subset in o.At("subsets").Items())
        {
            if (subset.At("ports").Count() == 0)
                addresses.AddRange(subset.At("addresses").Items().Select(address => address.At("ip").Text("")));
            foreach (var port in subset.At("ports").Items())
                addresses.AddRange(subset.At("addresses").Items().Select(address => string.Create(CultureInfo.InvariantCulture, $"{address.At("ip").Text()}:{port.At("port").Integer(0)}")));
        }
        return [Name(o), Shortened(addresses), Age(o, now)];
    }

    public static JsonArray EndpointSlice(JsonElement o, DateTimeOffset now)
    {
        var ports = o.At("ports").Items().Select(port => port.At("port").Integer()?.ToString(CultureInfo.InvariantCulture) ?? "*").ToList();
        var endpoints = o.At("endpoints").Items().SelectMany(endpoint => endpoint.At("addresses").Items()).Select(address => address.Text("")).ToList();
        return
        [
            Name(o), o.At("addressType").Text(""), ports.Count == 0 ? "<unset>" : Shortened(ports), endpoints.Count == 0 ? "<unset>" : Shortened(endpoints), Age(o, now),
        ];
    }

    public static JsonArray Ingress(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        var hosts = spec.At("rules").Items().Select(rule => rule.At("host").Text("")).Where(host => host.Length > 0).ToList();
        var shown = hosts.Count == 0 ? "*" : hosts.Count <= AddressesShown ? string.Join(',', hosts) : $"{string.Join(',', hosts.Take(AddressesShown))} + {hosts.Count - AddressesShown} more...";
        var addresses = o.At("status", "loadBalancer", "ingress").Items().Select(entry => entry.At("ip").Text() ?? entry.At("hostname").Text(""));
        return [Name(o), OrNone(spec.At("ingressClassName").Text()), shown, string.Join(',', addresses), spec.At("tls").Count() > 0 ? "80, 443" : "80", Age(o, now)];
    }

    public static JsonArray IngressClass(JsonElement o, DateTimeOffset now)
    {
        var parameters = o.At("spec", "parameters");
        var text = None;
        if (parameters.Exists())
            text = parameters.At("apiGroup").Text() is { } group
                ? $"{parameters.At("kind").Text()}.{group}/{parameters.At("name").Text()}"
                : $"{parameters.At("kind").Text()}/{parameters.At("name").Text()}";
        return [Name(o), o.At("spec", "controller").Text(""), text, Age(o, now)];
    }

    public static JsonArray Address(JsonElement o, DateTimeOffset now)
    {
        var parent = o.At("spec", "parentRef");
        var names = new[] { parent.At("group").Text(""), parent.At("resource").Text(""), parent.At("namespace").Text(""), parent.At("name").Text("") };
        return [Name(o), string.Join('/', names.Where(name => name.Length > 0))];
    }

    private static string Shortened(IReadOnlyList<string> texts) => texts.Count switch
    {
        0 => None,
        <= AddressesShown => string.Join(',', texts),
        _ => string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', texts.Take(AddressesShown))} + {texts.Count - AddressesShown} more..."),
    };
}
