using ClusterSim.Access;
using ClusterSim.Http;
using ClusterSim.Nodes.Images;
using Microsoft.AspNetCore.Http;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim;

/// <summary>
/// What becomes of images nobody published, changed while the cluster runs: <c>PUT /harness/unknown-images/stub</c> or <c>…/refuse</c>. No
/// Kubernetes API; for members of system:masters alone.
/// </summary>
internal sealed class ImagePaths(ImageStore images) : IApiPathHandler
{
    /// <summary>Where, without the choice.</summary>
    public const string Path = "/harness/unknown-images/";

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user)
    {
        if (context.Request.Path.Value is not { } path || !path.StartsWith(Path, StringComparison.Ordinal))
            return false;
        if (!HttpMethods.IsPut(context.Request.Method))
            throw new KubernetesApiException(405, "MethodNotAllowed", $"{Path} takes PUT alone", []);
        if (!user.Groups.Contains(UserInfo.Masters))
            throw new KubernetesApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot put path \"{path}\": only members of {UserInfo.Masters} may", []);
        images.Unknown = path[Path.Length..] switch
        {
            "stub" => UnknownImages.Stub,
            "refuse" => UnknownImages.Refuse,
            var other => throw KubernetesApiException.BadRequest($"'{other}' is not known: stub or refuse"),
        };
        await context.Response.WriteAsync(200, Object(("unknownImages", path[Path.Length..])));
        return true;
    }
}
