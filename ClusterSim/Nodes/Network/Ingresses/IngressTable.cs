using System.Text.Json;
using ClusterSim.Storage;

namespace ClusterSim.Network.Ingresses;

/// <summary>Where a path leads: a Service's port, by number or name.</summary>
internal sealed record IngressBackend(ObjectKey Service, int? Port, string? PortName)
{
    internal static IngressBackend? Read(JsonElement backend, string @namespace) => backend.At("service", "name").Text() is { } name
        ? new(new ObjectKey(@namespace, name), (int?)backend.At("service", "port", "number").Integer(), backend.At("service", "port", "name").Text())
        : null;
}

/// <summary>One path of a host.</summary>
/// <param name="Path">The path.</param>
/// <param name="IsExact">Whether only that path is meant; otherwise it and all below it, element by element.</param>
/// <param name="Backend">Where it leads; null for a backend kind that is not supported.</param>
internal sealed record IngressPath(string Path, bool IsExact, IngressBackend? Backend)
{
    /// <summary>Whether a request's path is meant. <c>/foo</c> means <c>/foo</c>, <c>/foo/</c> and <c>/foo/bar</c>, not <c>/foobar</c>.</summary>
    public bool Means(string path)
    {
        if (IsExact)
            return path == Path;
        var prefix = Path.TrimEnd('/');
        return path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');
    }
}

/// <summary>What one host answers.</summary>
internal sealed record IngressHost(string Host, IReadOnlyList<IngressPath> Paths, IngressBackend? Default, bool RedirectsToTls)
{
    /// <summary>The path that a request goes to: the longest that means it, an exact one before a prefix of the same length.</summary>
    public IngressPath? Find(string path) => Paths.FirstOrDefault(candidate => candidate.Means(path));
}

/// <summary>
/// The Ingresses of one controller as they are stored now, by host; made again only when an Ingress or IngressClass changed. Where two
/// Ingresses claim a host's path, the older one has it.
/// </summary>
internal sealed class IngressTable(VersionedStore store, IngressOptions options)
{
    private static readonly GroupResource Ingresses = new("networking.k8s.io", "ingresses");
    private static readonly GroupResource IngressClasses = new("networking.k8s.io", "ingressclasses");

    private volatile Compiled? _compiled;

    /// <summary>The host's rules: exact name, else a wildcard for its first label, else those without host; null where nobody answers.</summary>
    public IngressHost? Find(string host)
    {
        var table = Current();
        if (table.Hosts.TryGetValue(host, out var exact))
            return exact;
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && table.Hosts.TryGetValue("*" + host[dot..], out var wildcard))
            return wildcard;
        return table.Hosts.GetValueOrDefault("") ?? table.Only;
    }

    /// <summary>Whether a rule names the host, by its name or by a wildcard for its first label.</summary>
    public bool Names(string host)
    {
        var hosts = Current().Hosts;
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return host.Length > 0 && (hosts.ContainsKey(host) || (dot > 0 && hosts.ContainsKey("*" + host[dot..])));
    }

    /// <summary>The Secret whose certificate a TLS client that names this host gets; null where none is named.</summary>
    public ObjectKey? SecretOf(string host)
    {
        var table = Current();
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return table.Secrets.TryGetValue(host, out var secret) || (dot > 0 && table.Secrets.TryGetValue("*" + host[dot..], out secret))
            || table.Secrets.TryGetValue("", out secret) ? secret : null;
    }

    /// <summary>Whether this controller serves an Ingress.</summary>
    public bool IsOurs(Document ingress)
    {
        var named = ingress.Spec.At("ingressClassName").Text() ?? ingress.Metadata.At("annotations", "kubernetes.io/ingress.class").Text();
        var classes = store.Current(IngressClasses);
        if (named is not null)
            return classes.Find(new ObjectKey(null, named)) is { } @class
                ? @class.Spec.At("controller").Text() == options.Controller
                : named == options.ClassName;
        // Without a class: the default one, or, where no classes are stored at all, the only controller there is.
        return classes.Count == 0 || classes.All().Any(@class => @class.Spec.At("controller").Text() == options.Controller
            && @class.Metadata.At("annotations", "ingressclass.kubernetes.io/is-default-class").Text() == "true");
    }

    private Compiled Current()
    {
        var (ingresses, classes) = (store.Current(Ingresses), store.Current(IngressClasses));
        if (_compiled is { } compiled && ReferenceEquals(compiled.Ingresses, ingresses) && ReferenceEquals(compiled.Classes, classes))
            return compiled;
        var ours = ingresses.All().Where(IsOurs)
            .OrderBy(ingress => ingress.Metadata.At("creationTimestamp").Time()).ThenBy(ingress => ingress.Key.ToString(), StringComparer.Ordinal).ToList();
        var hosts = new Dictionary<string, IngressHost>(StringComparer.OrdinalIgnoreCase);
        var secrets = new Dictionary<string, ObjectKey>(StringComparer.OrdinalIgnoreCase);
        foreach (var ingress in ours)
            Read(ingress, hosts, secrets);
        var only = options.OnlyIngressAnswersAnyHost && ours.Count == 1 ? hosts.Values.FirstOrDefault() : null;
        return _compiled = new Compiled(ingresses, classes, hosts, secrets, only);
    }

    private static void Read(Document ingress, Dictionary<string, IngressHost> hosts, Dictionary<string, ObjectKey> secrets)
    {
        var @namespace = ingress.Namespace ?? "default";
        var fallback = IngressBackend.Read(ingress.Spec.At("defaultBackend"), @namespace);
        var redirects = ingress.Metadata.At("annotations", "nginx.ingress.kubernetes.io/ssl-redirect").Text() != "false";
        var secured = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var tls in ingress.Spec.At("tls").Items())
        {
            var named = tls.At("hosts").Items().Select(host => host.Text("")).DefaultIfEmpty("").ToList();
            secured.UnionWith(named);
            if (tls.At("secretName").Text() is { } secret)
                foreach (var host in named)
                    secrets.TryAdd(host, new ObjectKey(@namespace, secret));
        }
        foreach (var rule in ingress.Spec.At("rules").Items())
            Add(rule.At("host").Text(""), rule.At("http", "paths").Items().Select(path => new IngressPath(
                path.At("path").Text("/"), path.At("pathType").Text() == "Exact", IngressBackend.Read(path.At("backend"), @namespace))));
        if (fallback is not null)
            Add("", []);

        void Add(string host, IEnumerable<IngressPath> paths)
        {
            var before = hosts.GetValueOrDefault(host);
            hosts[host] = new IngressHost(
                host,
                [.. (before?.Paths ?? []).Concat(paths).OrderByDescending(path => path.Path.TrimEnd('/').Length).ThenByDescending(path => path.IsExact)],
                before?.Default ?? fallback,
                (before?.RedirectsToTls ?? false) || (redirects && secured.Contains(host)));
        }
    }

    private sealed record Compiled(
        StoreSnapshot Ingresses, StoreSnapshot Classes, Dictionary<string, IngressHost> Hosts, Dictionary<string, ObjectKey> Secrets, IngressHost? Only);
}
