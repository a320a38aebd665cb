namespace ClusterSim.Http.Browsers;

/// <summary>
/// The web pages that may call a server of the cluster from a browser on this machine, besides the server's own. Callers that are not browsers are
/// not affected.
/// </summary>
public sealed record BrowserOptions
{
    /// <summary>The origins of the pages, such as <c>http://localhost:3000</c>. <c>*</c> allows every origin.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>
    /// Names under which browsers may call the server, such as <c>shop.example.com</c> or <c>*.example.com</c>, besides the names and addresses of
    /// this machine. <c>*</c> allows every name.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];
}
