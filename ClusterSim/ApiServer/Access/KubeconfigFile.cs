using System.Text;
using YamlDotNet.RepresentationModel;

namespace ClusterSim.Access;

/// <summary>
/// Reads a context of a kubeconfig file, and edits such files, as functions from text to text: writes one, merges entries into a file, and removes them
/// again. Entries of other clusters stay as they are, unknown fields included; comments and layout are lost.
/// </summary>
public static class KubeconfigFile
{
    // A user's ways to log in that need a program, or code of a vendor.
    private static readonly string[] UnsupportedLogins = ["exec", "auth-provider"];

    /// <summary>
    /// Reads a context: a token, a token file, a client certificate and key, inline or as files. Relative paths are those of the file's folder.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="context">The name of the context; null for the current one.</param>
    /// <exception cref="KubeconfigException">The file is missing or malformed, or its user logs in by a command; the message names the file and the field.</exception>
    public static KubeconfigEntry Read(string path, string? context = null)
    {
        if (!File.Exists(path))
            throw new KubeconfigException($"there is no kubeconfig at {path}");
        try
        {
            return Entry(Read(File.ReadAllText(path)), context, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception ex) when (ex is KubeconfigException or IOException or UnauthorizedAccessException or FormatException)
        {
            throw new KubeconfigException($"{path}: {ex.Message}", ex);
        }
    }

    /// <summary>Returns a file with these entries; the context of the first is current.</summary>
    public static string Write(params IReadOnlyList<KubeconfigEntry> entries) => Merge("", entries, setCurrent: true);

    /// <summary>Adds entries to a kubeconfig, and replaces entries of the same names.</summary>
    /// <param name="kubeconfig">The text of the file; empty for a new one.</param>
    /// <param name="entries">The entries.</param>
    /// <param name="setCurrent">Whether the context of the first entry becomes current; otherwise it does only where none was.</param>
    /// <exception cref="KubeconfigException">The text is no kubeconfig.</exception>
    public static string Merge(string kubeconfig, IReadOnlyList<KubeconfigEntry> entries, bool setCurrent)
    {
        var root = Read(kubeconfig);
        foreach (var entry in entries)
        {
            Put(root, "clusters", entry.Cluster, "cluster", Map(
                ("certificate-authority-data", Base64(entry.AuthorityPem)), ("insecure-skip-tls-verify", entry.SkipTlsVerify ? "true" : null),
                ("server", entry.Server.ToString().TrimEnd('/'))));
            Put(root, "users", entry.UserEntry ?? entry.User, "user", Map(
                ("token", entry.Token),
                ("client-certificate-data", Base64(entry.ClientCertificatePem)),
                ("client-key-data", Base64(entry.ClientKeyPem))));
            Put(root, "contexts", entry.ContextName, "context", Map(("cluster", entry.Cluster), ("namespace", entry.Namespace), ("user", entry.UserEntry ?? entry.User)));
        }
        if (entries.Count > 0 && (setCurrent || Text(root, "current-context") is null or ""))
            root.Children["current-context"] = entries[0].ContextName;
        return Write(root);
    }

    /// <summary>Removes a cluster: its entry, its contexts, and the users that no other context has. A current context of the cluster is unset.</summary>
    /// <exception cref="KubeconfigException">The text is no kubeconfig.</exception>
    public static string Remove(string kubeconfig, string cluster)
    {
        var root = Read(kubeconfig);
        var contexts = Items(root, "contexts").ToList();
        var gone = contexts.Where(context => Text(context, "context", "cluster") == cluster).ToList();
        var kept = contexts.Except(gone).ToList();
        var orphans = gone.Select(context => Text(context, "context", "user")).Except(kept.Select(context => Text(context, "context", "user")), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        Keep(root, "clusters", item => Text(item, "name") != cluster);
        Keep(root, "contexts", item => !gone.Contains(item));
        Keep(root, "users", item => !orphans.Contains(Text(item, "name")));
        if (gone.Exists(context => Text(context, "name") == Text(root, "current-context")))
            root.Children["current-context"] = Quoted("");
        return Write(root);
    }

    /// <summary>Returns whether a kubeconfig has a cluster of that name with that API server.</summary>
    /// <exception cref="KubeconfigException">The text is no kubeconfig.</exception>
    public static bool HasCluster(string kubeconfig, string cluster, Uri server) => Items(Read(kubeconfig), "clusters")
        .Any(item => Text(item, "name") == cluster && Text(item, "cluster", "server")?.TrimEnd('/') == server.ToString().TrimEnd('/'));

    /// <summary>
    /// Writes a file atomically: readers see the old or the new text. A new file is readable by its owner alone (mode 0600); an existing one keeps its mode,
    /// and a link to it stays a link.
    /// </summary>
    /// <exception cref="UnauthorizedAccessException">The file is read-only, or its folder is.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Save(string path, string kubeconfig)
    {
        path = Target(Path.GetFullPath(path));
        var directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = File.Exists(path) ? File.GetUnixFileMode(path) : UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // A folder's owner may replace what is read-only in it, and root may do anything: whoever made the file so meant it.
        if (new FileInfo(path) is { Exists: true, IsReadOnly: true } || (!OperatingSystem.IsWindows() && options.UnixCreateMode is { } mode && !mode.HasFlag(UnixFileMode.UserWrite)))
            throw new UnauthorizedAccessException("it is read-only");
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        try
        {
            using (var file = new FileStream(temporary, options))
                file.Write(Encoding.UTF8.GetBytes(kubeconfig));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string Target(string path) => new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : path;

    private static KubeconfigEntry Entry(YamlMappingNode root, string? context, string folder)
    {
        context ??= NonEmpty(Text(root, "current-context")) ?? throw new KubeconfigException("current-context is not set; name a context");
        var chosen = Named(root, "contexts", context, "context");
        var (clusterName, userName) = (Text(chosen, "cluster") ?? "", Text(chosen, "user") ?? "");
        var cluster = Named(root, "clusters", clusterName, "cluster");
        var user = Named(root, "users", userName, "user");
        foreach (var login in UnsupportedLogins)
            if (user.Children.ContainsKey(login))
                throw new KubeconfigException($"user \"{userName}\" uses {login}, which is not supported here: give it a token or a client certificate");
        var server = NonEmpty(Text(cluster, "server")) ?? throw new KubeconfigException($"cluster \"{clusterName}\" has no server");
        return new KubeconfigEntry
        {
            Cluster = clusterName,
            Server = new Uri(server),
            AuthorityPem = Data(cluster, "certificate-authority", folder),
            SkipTlsVerify = Text(cluster, "insecure-skip-tls-verify") == "true",
            User = userName,
            Token = NonEmpty(Text(user, "token")) ?? (NonEmpty(Text(user, "tokenFile")) is { } file ? File.ReadAllText(Path.Combine(folder, file)).Trim() : null),
            ClientCertificatePem = Data(user, "client-certificate", folder),
            ClientKeyPem = Data(user, "client-key", folder),
            Namespace = NonEmpty(Text(chosen, "namespace")),
            Context = context,
        };
    }

    private static YamlMappingNode Named(YamlMappingNode root, string list, string name, string field) =>
        Items(root, list).OfType<YamlMappingNode>().Where(item => Text(item, "name") == name).Select(item => item.Children.TryGetValue(field, out var found) ? found : null).FirstOrDefault() as YamlMappingNode
        ?? throw new KubeconfigException($"{list} has no \"{name}\"");

    private static string? Data(YamlMappingNode node, string field, string folder) =>
        NonEmpty(Text(node, field + "-data")) is { } data ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
        : NonEmpty(Text(node, field)) is { } file ? File.ReadAllText(Path.Combine(folder, file))
        : null;

    private static string? NonEmpty(string? text) => text is { Length: > 0 } ? text : null;

    private static YamlMappingNode Read(string kubeconfig)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(kubeconfig));
        }
        catch (YamlDotNet.Core.YamlException broken)
        {
            throw new KubeconfigException($"not a kubeconfig: line {broken.Start.Line}: {broken.Message}", broken);
        }
        if (stream.Documents.Count > 1)
            throw new KubeconfigException($"not a kubeconfig: one document was expected, {stream.Documents.Count} found");
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is YamlScalarNode { Value: null or "" })
            return new YamlMappingNode(
                "apiVersion", "v1", "kind", "Config", "preferences", new YamlMappingNode { Style = YamlDotNet.Core.Events.MappingStyle.Flow });
        return stream.Documents[0].RootNode as YamlMappingNode
            ?? throw new KubeconfigException($"not a kubeconfig: a mapping was expected, a {stream.Documents[0].RootNode.NodeType} found");
    }

    private static string Write(YamlMappingNode root)
    {
        var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
        var written = text.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
        return written.EndsWith("...\n", StringComparison.Ordinal) ? written[..^4] : written;
    }

    private static void Put(YamlMappingNode root, string list, string name, string field, YamlMappingNode value)
    {
        if (!root.Children.TryGetValue(list, out var present) || present is not YamlSequenceNode items)
            root.Children[list] = items = [];
        var entry = new YamlMappingNode("name", Quoted(name), field, value);
        var at = items.Children.ToList().FindIndex(item => Text(item, "name") == name);
        if (at < 0)
            items.Add(entry);
        else
            items.Children[at] = entry;
    }

    private static void Keep(YamlMappingNode root, string list, Func<YamlNode, bool> keep)
    {
        if (root.Children.TryGetValue(list, out var present) && present is YamlSequenceNode items)
            root.Children[list] = new YamlSequenceNode(items.Children.Where(keep));
    }

    private static IEnumerable<YamlNode> Items(YamlMappingNode root, string list) =>
        root.Children.TryGetValue(list, out var present) && present is YamlSequenceNode items ? items.Children : [];

    private static string? Text(YamlNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var part in path)
            node = node is YamlMappingNode map && map.Children.TryGetValue(part, out var next) ? next : null;
        return (node as YamlScalarNode)?.Value;
    }

    private static YamlMappingNode Map(params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        var map = new YamlMappingNode();
        foreach (var (name, value) in fields)
            if (value is not null)
                map.Add(name, Quoted(value));
        return map;
    }

    // Plain where YAML would read it back as the same string; an all-digit token or name would come back as a number.
    private static YamlScalarNode Quoted(string value) => new(value)
    {
        Style = value.Length == 0 || double.TryParse(value, out _) || value is "true" or "false" or "null" or "~" or "yes" or "no"
            ? YamlDotNet.Core.ScalarStyle.DoubleQuoted : YamlDotNet.Core.ScalarStyle.Any,
    };

    private static string? Base64(string? text) => text is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
