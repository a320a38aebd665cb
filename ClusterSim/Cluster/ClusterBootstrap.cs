using System.Net;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.Controllers.Volumes;
using ClusterSim.Network.Ingresses;
using ClusterSim.Registry;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim;

/// <summary>What is in every cluster before anybody asks: what kube-apiserver itself makes, and what kubeadm adds.</summary>
internal static class ClusterBootstrap
{
    private static readonly IReadOnlyList<string> Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    /// <summary>Makes the objects.</summary>
    /// <param name="server">The API server.</param>
    /// <param name="apiAddress">Where the API server is on the wire.</param>
    /// <param name="apiPort">Its port there.</param>
    /// <param name="serviceAddress">The cluster address of Service <c>default/kubernetes</c>.</param>
    /// <param name="serviceRange">The range that Services' addresses come from.</param>
    /// <param name="ingress">How the ingress controller appears.</param>
    public static void Create(ApiServer server, IPAddress apiAddress, int apiPort, string serviceAddress, string serviceRange, IngressOptions ingress)
    {
        var client = new ApiClient(server, UserInfo.ApiServer, "kube-apiserver");
        foreach (var name in Namespaces)
            client.Create(client.Resource("namespaces"), Named("v1", "Namespace", null, name));
        var kubernetes = Named("v1", "Service", "default", "kubernetes", ("component", "apiserver"), ("provider", "kubernetes"));
        kubernetes["spec"] = Object(
            ("type", "ClusterIP"), ("clusterIP", serviceAddress),
            ("ports", new JsonArray(Object(("name", "https"), ("protocol", "TCP"), ("port", 443), ("targetPort", apiPort)))));
        client.Create(client.Resource("services"), kubernetes);
        var range = Named("networking.k8s.io/v1", "ServiceCIDR", null, "kubernetes");
        range["spec"] = Object(("cidrs", new JsonArray(serviceRange)));
        client.Create(client.Resource("servicecidrs", "networking.k8s.io"), range);
        var address = Named(
            "networking.k8s.io/v1", "IPAddress", null, serviceAddress,
            ("ipaddress.kubernetes.io/ip-family", "IPv4"), ("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"));
        address["spec"] = Object(("parentRef", Object(("group", ""), ("resource", "services"), ("namespace", "default"), ("name", "kubernetes"))));
        client.Create(client.Resource("ipaddresses", "networking.k8s.io"), address);
        var endpoints = Named("v1", "Endpoints", "default", "kubernetes", ("endpointslice.kubernetes.io/skip-mirror", "true"));
        endpoints["subsets"] = new JsonArray(Object(
            ("addresses", new JsonArray(Object(("ip", apiAddress.ToString())))),
            ("ports", new JsonArray(Object(("name", "https"), ("port", apiPort), ("protocol", "TCP"))))));
        client.Create(client.Resource("endpoints"), endpoints);
        var slice = Named("discovery.k8s.io/v1", "EndpointSlice", "default", "kubernetes", ("kubernetes.io/service-name", "kubernetes"));
        slice["addressType"] = "IPv4";
        slice["endpoints"] = new JsonArray(Object(("addresses", new JsonArray(apiAddress.ToString())), ("conditions", Object(("ready", true)))));
        slice["ports"] = new JsonArray(Object(("name", "https"), ("port", apiPort), ("protocol", "TCP")));
        client.Create(client.Resource("endpointslices", "discovery.k8s.io"), slice);

        client.Create(client.Resource("namespaces"), Named("v1", "Namespace", null, ingress.Namespace));
        var @class = Named("networking.k8s.io/v1", "IngressClass", null, ingress.ClassName);
        ((JsonObject)@class["metadata"]!)["annotations"] = Object(("ingressclass.kubernetes.io/is-default-class", "true"));
        @class["spec"] = Object(("controller", ingress.Controller));
        client.Create(client.Resource("ingressclasses", "networking.k8s.io"), @class);

        var storage = Named("storage.k8s.io/v1", "StorageClass", null, "standard");
        ((JsonObject)storage["metadata"]!)["annotations"] = Object(("storageclass.kubernetes.io/is-default-class", "true"));
        storage["provisioner"] = VolumeProvisioner.Name;
        storage["volumeBindingMode"] = "WaitForFirstConsumer";
        client.Create(client.Resource("storageclasses", "storage.k8s.io"), storage);
    }

    private static JsonObject Named(string apiVersion, string kind, string? @namespace, string name, params ReadOnlySpan<(string, JsonNode?)> labels) => Object(
        ("apiVersion", apiVersion),
        ("kind", kind),
        ("metadata", Object(("name", name), ("namespace", @namespace), ("labels", labels.IsEmpty ? null : Object(labels)))));
}
