using System.Security.Cryptography.X509Certificates;
using YamlDotNet.RepresentationModel;

namespace Harness.Kube;

/// <summary>What a kubeconfig's context says: where the API server is, whom to trust, who one is.</summary>
/// <remarks>
/// Read are clusters, users (token, token file, client certificate and key, inline or as files) and contexts. Users that run a command
/// (<c>exec</c>, <c>auth-provider</c>) are refused by name.
/// </remarks>
public sealed record Kubeconfig
{
    /// <summary>The API server.</summary>
    public required Uri Server { get; init; }

    /// <summary>The authority that signs its certificate; null for the machine's own.</summary>
    public X509Certificate2? Authority { get; init; }

    /// <summary>Whether to trust whatever certificate it shows (<c>insecure-skip-tls-verify</c>).</summary>
    public bool SkipVerify { get; init; }

    /// <summary>A bearer token; null where there is none.</summary>
    public string? Token { get; init; }

    /// <summary>A client certificate with its key; null where there is none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The context's namespace; <c>default</c> where it names none.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The context's name.</summary>
    public string Context { get; init; } = "";

    /// <summary>Reads a context of a kubeconfig; its current one where none is named.</summary>
    /// <exception cref="KubeconfigException">It cannot be read, or says something we cannot do; the message names the file and the field.</exception>
    public static Kubeconfig Load(string path, string? context = null)
    {
        if (!File.Exists(path))
            throw new KubeconfigException($"there is no kubeconfig at {path}");
        var yaml = new YamlStream();
        try
        {
            using var reader = File.OpenText(path);
            yaml.Load(reader);
        }
        catch (YamlDotNet.Core.YamlException malformed)
        {
            throw new KubeconfigException($"{path}: not YAML: {malformed.Message}");
        }
        if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is not YamlMappingNode root)
            throw new KubeconfigException($"{path}: empty");

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        context ??= Text(root, "current-context") ?? throw new KubeconfigException($"{path}: current-context is not set; name a context");
        var chosen = Named(root, "contexts", context, "context", path);
        var cluster = Named(root, "clusters", Text(chosen, "cluster") ?? "", "cluster", path);
        var user = Named(root, "users", Text(chosen, "user") ?? "", "user", path);
        foreach (var unsupported in (ReadOnlySpan<string>)["exec", "auth-provider"])
            if (user.Children.ContainsKey(unsupported))
                throw new KubeconfigException($"{path}: user \"{Text(chosen, "user")}\" uses {unsupported}, which is not supported here: give it a token or a client certificate");
        var server = Text(cluster, "server") ?? throw new KubeconfigException($"{path}: cluster \"{Text(chosen, "cluster")}\" has no server");
        var token = Text(user, "token") ?? (Text(user, "tokenFile") is { } file ? File.ReadAllText(Path.Combine(folder, file)).Trim() : null);
        var certificate = Data(user, "client-certificate", folder);
        var key = Data(user, "client-key", folder);
        return new Kubeconfig
        {
            Server = new Uri(server.EndsWith('/') ? server : server + "/"),
            Authority = Data(cluster, "certificate-authority", folder) is { } pem ? X509Certificate2.CreateFromPem(pem) : null,
            SkipVerify = Text(cluster, "insecure-skip-tls-verify") == "true",
            Token = token,
            ClientCertificate = certificate is not null && key is not null ? WithKey(certificate, key) : null,
            Namespace = Text(chosen, "namespace") ?? "default",
            Context = context,
        };
    }

    // macOS cannot use an ephemeral key in TLS: the way through PKCS#12 works everywhere.
    private static X509Certificate2 WithKey(string certificate, string key)
    {
        using var ephemeral = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null);
    }

    private static YamlMappingNode Named(YamlMappingNode root, string list, string name, string field, string path)
    {
        if (root.Children.TryGetValue(list, out var node) && node is YamlSequenceNode items)
            foreach (var item in items.OfType<YamlMappingNode>())
                if (Text(item, "name") == name && item.Children.TryGetValue(field, out var found) && found is YamlMappingNode mapping)
                    return mapping;
        throw new KubeconfigException($"{path}: {list} has no \"{name}\"");
    }

    private static string? Text(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out var value) && value is YamlScalarNode { Value.Length: > 0 } scalar ? scalar.Value : null;

    private static string? Data(YamlMappingNode node, string field, string folder)
    {
        if (Text(node, field + "-data") is { } data)
            return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(data));
        return Text(node, field) is { } file ? File.ReadAllText(Path.Combine(folder, file)) : null;
    }
}

/// <summary>A kubeconfig cannot be used; the message says which, where and why.</summary>
public sealed class KubeconfigException(string message) : Exception(message);
