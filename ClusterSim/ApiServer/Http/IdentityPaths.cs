using System.Text.Json;
using ClusterSim.Access;
using Microsoft.AspNetCore.Http;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Http;

/// <summary>
/// Hands out identities: <c>POST /harness/identities</c> with a user and groups answers with a bearer token that stands for them as long as
/// the cluster lives. No Kubernetes API: what signing certificates with the cluster's authority by hand is to a real cluster. Since whoever
/// may name any group may do anything, only system:masters are answered, whatever the roles say of this path.
/// </summary>
internal sealed class IdentityPaths(ClusterAccess access) : IApiPathHandler
{
    /// <summary>The path.</summary>
    public const string Path = "/harness/identities";

    private const int BytesMax = 16 * 1024;

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user)
    {
        if (context.Request.Path.Value != Path)
            return false;
        if (!HttpMethods.IsPost(context.Request.Method))
            throw new KubernetesApiException(405, "MethodNotAllowed", $"{Path} takes POST alone", []);
        if (!user.Groups.Contains(UserInfo.Masters))
            throw new KubernetesApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot post path \"{Path}\": only members of {UserInfo.Masters} may have identities made", []);
        var asked = await ReadAsync(context);
        var name = asked.At("user").Text("");
        if (name.Length == 0)
            throw KubernetesApiException.BadRequest("user: Required value: whom the identity names");
        var groups = asked.At("groups");
        if (groups.Exists() && (groups.ValueKind != JsonValueKind.Array || groups.Items().Any(group => group.Text("").Length == 0)))
            throw KubernetesApiException.BadRequest($"groups: Invalid value: {groups.GetRawText()}: must be a list of names");
        var token = access.StaticTokens.Issue(new UserInfo(name, [.. groups.Items().Select(group => group.Text(""))]));
        await context.Response.WriteAsync(201, Object(("user", name), ("token", token), ("certificateAuthority", access.Certificates.AuthorityPem)));
        return true;
    }

    private static async Task<JsonElement> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not <= BytesMax)
            throw new KubernetesApiException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {BytesMax}");
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            return document.RootElement.Clone();
        }
        catch (JsonException malformed)
        {
            throw KubernetesApiException.BadRequest($"not JSON: {malformed.Message}");
        }
    }
}
