using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Json;
using Harness.Kube;
using Harness.Running;

namespace Harness.Commands;

/// <summary>
/// <c>harness kubeconfig</c>: a kubeconfig of the running cluster for an identity: its administrator, a user with groups, or a service
/// account. The identity is its holder's own: the administrator's credentials are not in it.
/// </summary>
internal static class KubeconfigCommand
{
    private const int TokenSeconds = 3600;

    public static Command Create(CommandContext context)
    {
        var user = new Option<string?>("--user") { Description = "The user's name; with --group alone, the first group's." };
        var group = new Option<string[]>("--group") { Description = "A group the user is in, such as team-shop. May be repeated." };
        var account = new Option<string?>("--service-account") { Description = "NAMESPACE/NAME: a token of this service account, for an hour unless --seconds says otherwise." };
        var seconds = new Option<int>("--seconds") { Description = "How long a service account's token is good.", DefaultValueFactory = _ => TokenSeconds };
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "The namespace kubectl works in." };
        var merge = new Option<bool>("--merge") { Description = "Put it into the first file of $KUBECONFIG that is there, or ~/.kube/config, beside what is in it, instead of printing it; down takes it out again." };
        var command = new Command("kubeconfig", "A kubeconfig for the administrator, a user with groups, or a service account.") { user, group, account, seconds, @namespace, merge };
        command.SetAction(async (parsed, cancellation) =>
        {
            var groups = parsed.GetValue(group) ?? [];
            var name = parsed.GetValue(user) ?? groups.FirstOrDefault();
            if (parsed.GetValue(account) is not null && name is not null)
                throw new CommandException("give --service-account, or --user and --group, not both");
            using var client = context.Connect();
            var administrator = KubeconfigFile.Read(context.Folder.Kubeconfig);
            var (who, token) = parsed.GetValue(account) is { } wanted
                ? await AccountAsync(client, wanted, parsed.GetValue(seconds), cancellation)
                : name is null ? ("kubernetes-admin", administrator.Token) : await IdentityAsync(client, name, groups, cancellation);
            var entry = new KubeconfigEntry
            {
                Cluster = MergedKubeconfigs.ClusterName,
                Server = administrator.Server,
                AuthorityPem = administrator.AuthorityPem,
                User = who,
                Token = token,
                Namespace = parsed.GetValue(@namespace) ?? parsed.GetValue(account)?.Split('/')[0],
            };
            if (parsed.GetValue(merge))
                await MergeAsync(context, entry, cancellation);
            else
                await context.Output.WriteAsync(KubeconfigFile.Write(entry));
            return 0;
        });
        return command;
    }

    private static async Task<(string User, string? Token)> IdentityAsync(KubeClient client, string user, IReadOnlyList<string> groups, CancellationToken cancellation)
    {
        var asked = KubeJson.Object(("user", user), ("groups", new JsonArray([.. groups.Select(group => (JsonNode)group)])));
        var made = await client.SendAsync(HttpMethod.Post, "/harness/identities", asked, null, cancellation);
        return (user, made.At("token").Text());
    }

    private static async Task<(string User, string? Token)> AccountAsync(KubeClient client, string account, int seconds, CancellationToken cancellation)
    {
        if (account.Split('/') is not [var @namespace, var name])
            throw new CommandException($"--service-account {account}: write NAMESPACE/NAME, such as shop/deployer");
        var asked = KubeJson.Object(
            ("apiVersion", "authentication.k8s.io/v1"), ("kind", "TokenRequest"), ("spec", KubeJson.Object(("expirationSeconds", seconds))));
        var made = await client.SendAsync(HttpMethod.Post, client.Resource("serviceaccounts").Path(@namespace, name) + "/token", asked, null, cancellation);
        return ($"system:serviceaccount:{@namespace}:{name}", made.At("status", "token").Text());
    }

    private static async Task MergeAsync(CommandContext context, KubeconfigEntry entry, CancellationToken cancellation)
    {
        var path = FileFor(context);
        // A name of its own for the credentials too: somebody's kubernetes-admin may be in there, and is another's.
        entry = entry with { UserEntry = entry.ContextName };
        try
        {
            var before = File.Exists(path) ? await File.ReadAllTextAsync(path, cancellation) : "";
            KubeconfigFile.Save(path, KubeconfigFile.Merge(before, [entry], setCurrent: false));
            context.Folder.Merged.Remember(path, entry.Server);
        }
        catch (Exception unusable) when (unusable is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path}: {unusable.Message}; it is left as it was");
        }
        await context.Error.WriteLineAsync($"harness: {path} has the context {entry.ContextName}: kubectl --context {entry.ContextName} … (harness down takes it out again)");
    }

    /// <summary>Where kubectl puts what is new: of several files the first that is there, or the last if none is.</summary>
    private static string FileFor(CommandContext context)
    {
        var environment = context.Process.Environment;
        var named = environment.GetValueOrDefault("KUBECONFIG")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (named.Length == 0)
            named = environment.GetValueOrDefault("HOME") is { Length: > 0 } home
                ? [Path.Combine(home, ".kube", "config")]
                : throw new CommandException("neither KUBECONFIG nor HOME is set: where should it go?");
        var paths = named.Select(path => Path.GetFullPath(path, context.Process.WorkingDirectory)).Where(path => path != context.Folder.Kubeconfig).ToList();
        if (paths.Count == 0)
            throw new CommandException($"{context.Folder.Kubeconfig} is this cluster's own file, which goes with it: name another in KUBECONFIG");
        return paths.Find(Path.Exists) ?? paths[^1];
    }
}
