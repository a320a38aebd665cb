using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Schema;
using Microsoft.AspNetCore.Http;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Http.Discovery;

/// <summary>What the server says of itself: <c>/version</c> and the list of paths at <c>/</c>.</summary>
internal sealed class ServerPaths(ResourceCatalog catalog) : IApiPathHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
            return false;
        JsonObject? answer = (context.Request.Path.Value ?? "/") switch
        {
            "/version" or "/version/" => Version(),
            "/" => Object(("paths", new JsonArray([.. Paths().Order(StringComparer.Ordinal).Select(path => JsonValue.Create(path))]))),
            _ => null,
        };
        if (answer is null)
            return false;
        await context.Response.WriteAsync(200, answer);
        return true;
    }

    private static JsonObject Version() => Object(
        ("major", KubernetesVersion.Major),
        ("minor", KubernetesVersion.Minor),
        ("emulationMajor", KubernetesVersion.Major),
        ("emulationMinor", KubernetesVersion.Minor),
        ("minCompatibilityMajor", "1"),
        ("minCompatibilityMinor", "35"),
        ("gitVersion", KubernetesVersion.Git),
        ("gitCommit", ""),
        ("gitTreeState", "clean"),
        ("buildDate", "1970-01-01T00:00:00Z"),
        ("goVersion", ""),
        ("compiler", ""),
        ("platform", $"{(OperatingSystem.IsMacOS() ? "darwin" : "linux")}/{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            _ => "amd64",
        }}"));

    private IEnumerable<string> Paths() =>
        ((IEnumerable<string>)["/.well-known/openid-configuration", "/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version"])
        .Concat(catalog.All.SelectMany(type => type.Group.Length == 0 ? [$"/api/{type.Version}"] : (IEnumerable<string>)[$"/apis/{type.Group}", $"/apis/{type.GroupVersion}"]))
        .Distinct(StringComparer.Ordinal);
}
