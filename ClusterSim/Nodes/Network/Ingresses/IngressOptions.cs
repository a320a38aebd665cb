using ClusterSim.Http.Browsers;

namespace ClusterSim.Network.Ingresses;

/// <summary>How the cluster's ingress controller appears, to clients and to policies.</summary>
public sealed record IngressOptions
{
    /// <summary>The name of its IngressClass.</summary>
    public string ClassName { get; init; } = "nginx";

    /// <summary>The controller an IngressClass names to be served by it.</summary>
    public string Controller { get; init; } = "k8s.io/ingress-nginx";

    /// <summary>The namespace its pod is in, for policies that select it.</summary>
    public string Namespace { get; init; } = "ingress-nginx";

    /// <summary>Its pod's name.</summary>
    public string PodName { get; init; } = "ingress-nginx-controller";

    /// <summary>Its pod's labels, for policies that select it.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["app.kubernetes.io/name"] = "ingress-nginx",
        ["app.kubernetes.io/instance"] = "ingress-nginx",
        ["app.kubernetes.io/component"] = "controller",
    };

    /// <summary>The loopback port for HTTP; 0 for a free one. Where it is in use, see <see cref="TakesAnotherPort"/>.</summary>
    public int HttpPort { get; init; }

    /// <summary>The loopback port for HTTPS; 0 for a free one.</summary>
    public int HttpsPort { get; init; }

    /// <summary>Whether a free port is taken where the one named is in use; otherwise that is an error.</summary>
    public bool TakesAnotherPort { get; init; }

    /// <summary>Whether, while there is only one Ingress, hosts that nobody names are answered by it.</summary>
    public bool OnlyIngressAnswersAnyHost { get; init; } = true;

    /// <summary>
    /// The web pages that may call it from a browser, besides its own, and names besides those of this machine and of Ingress rules. Other pages, and
    /// browsers that name another host, get <c>403</c>; callers that are not browsers are not affected.
    /// </summary>
    public BrowserOptions Browsers { get; init; } = new();

    /// <summary>How long to try to connect to a pod: ingress-nginx's <c>proxy-connect-timeout</c>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a pod may be silent: ingress-nginx's <c>proxy-read-timeout</c>.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
