using Microsoft.AspNetCore.Http;

namespace ClusterSim.Access;

/// <summary>
/// Acting as somebody else: <c>Impersonate-User</c>, <c>-Group</c>, <c>-Uid</c>, <c>-Extra-*</c>, each asked of the authorizer under the verb
/// <c>impersonate</c> (<c>k8s.io/apiserver/pkg/endpoints/filters/impersonation</c>).
/// </summary>
internal static class Impersonation
{
    private const string ExtraPrefix = "Impersonate-Extra-";
    private const string AuthenticationGroup = "authentication.k8s.io";

    /// <summary>Who acts: <paramref name="user"/>, or whom the headers name.</summary>
    /// <exception cref="KubernetesApiException">403: the user may not; 400: groups, a uid or extra without a user.</exception>
    public static UserInfo Resolve(UserInfo user, IHeaderDictionary headers, IAuthorizer authorizer)
    {
        var name = headers["Impersonate-User"].ToString();
        var groups = headers["Impersonate-Group"].Where(group => !string.IsNullOrEmpty(group)).Select(group => group!).ToList();
        var uid = headers["Impersonate-Uid"].ToString();
        var extra = headers.Where(header => header.Key.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase) && header.Key.Length > ExtraPrefix.Length)
            .ToDictionary(
                header => Uri.UnescapeDataString(header.Key[ExtraPrefix.Length..].ToLowerInvariant()),
                header => (IReadOnlyList<string>)[.. header.Value.Select(value => value ?? "")], StringComparer.Ordinal);
        if (name.Length == 0)
        {
            if (groups.Count > 0 || uid.Length > 0 || extra.Count > 0)
                throw KubernetesApiException.BadRequest("requested groups, a uid or extra without impersonating a user: Impersonate-User is missing");
            return user;
        }

        if (ServiceAccountOf(name) is var (@namespace, account))
        {
            Check(user, authorizer, new("", "serviceaccounts"), null, @namespace, account);
            if (groups.Count == 0)
                groups.AddRange(["system:serviceaccounts", $"system:serviceaccounts:{@namespace}"]);
            else
                CheckGroups(user, authorizer, groups);
        }
        else
        {
            Check(user, authorizer, new("", "users"), null, null, name);
            CheckGroups(user, authorizer, groups);
        }
        if (uid.Length > 0)
            Check(user, authorizer, new(AuthenticationGroup, "uids"), null, null, uid);
        foreach (var (key, values) in extra)
            foreach (var value in values)
                Check(user, authorizer, new(AuthenticationGroup, "userextras"), key, null, value);

        if (name == UserInfo.Anonymous.Name)
        {
            if (!groups.Contains("system:unauthenticated"))
                groups.Add("system:unauthenticated");
        }
        else if (!groups.Contains(UserInfo.Authenticated) && !groups.Contains("system:unauthenticated"))
        {
            groups.Add(UserInfo.Authenticated);
        }
        return new UserInfo(name, groups) { Uid = uid, Extra = extra };
    }

    /// <summary>Namespace and name of a service account's user name; null for another's.</summary>
    public static (string Namespace, string Name)? ServiceAccountOf(string user)
    {
        const string Prefix = "system:serviceaccount:";
        if (!user.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var parts = user[Prefix.Length..].Split(':');
        return parts.Length == 2 && parts[0].Length > 0 && parts[1].Length > 0 ? (parts[0], parts[1]) : null;
    }

    private static void CheckGroups(UserInfo user, IAuthorizer authorizer, List<string> groups)
    {
        foreach (var group in groups)
            Check(user, authorizer, new("", "groups"), null, null, group);
    }

    private static void Check(UserInfo user, IAuthorizer authorizer, GroupResource resource, string? subresource, string? @namespace, string name)
    {
        if (authorizer.IsAllowed(new AccessAttributes(user, "impersonate", resource, subresource, @namespace, name), out var reason))
            return;
        var what = subresource is null ? resource.Resource : $"{resource.Resource}/{subresource}";
        var where = @namespace is null ? " at the cluster scope" : $" in the namespace \"{@namespace}\"";
        throw KubernetesApiException.Forbidden(
            resource, name,
            $"User \"{user.Name}\" cannot impersonate resource \"{what}\" in API group \"{resource.Group}\"{where}{(reason.Length == 0 ? "" : $": {reason}")}");
    }
}
