using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Http.Handlers;

/// <summary>The query parameter <c>resourceVersion</c> of reads.</summary>
internal static class ResourceVersions
{
    // As the watch cache (blockTimeout).
    private static readonly TimeSpan BlockTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(50);

    /// <summary>Reads a version; 0 where there is none.</summary>
    /// <exception cref="KubernetesApiException">400.</exception>
    public static long Parse(string? version)
    {
        if (string.IsNullOrEmpty(version))
            return 0;
        if (ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var read) && read <= long.MaxValue)
            return (long)read;
        throw KubernetesApiException.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{version}\": strconv.ParseUint: parsing \"{version}\": invalid syntax");
    }

    /// <summary>Refuses an object that is older than the version.</summary>
    /// <exception cref="KubernetesApiException">400, 504.</exception>
    public static void Check(string? version, Document document)
    {
        if (Parse(version) is > 0 and var wanted && wanted > document.Revision)
            throw TooLarge(wanted, document.Revision);
    }

    /// <summary>Waits until the store has a list's version, as a watch cache does.</summary>
    /// <exception cref="KubernetesApiException">400 and 422 for malformed options; 504 where the store does not get to the version in time.</exception>
    public static async Task WaitAsync(ApiServer server, ListOptions options, CancellationToken cancellation)
    {
        // Which version a page is of, its token says.
        var wanted = options.Continue is null ? Parse(options.ResourceVersion) : 0;
        if (wanted <= server.Store.Revision)
            return;
        var end = server.Clock.GetUtcNow() + BlockTimeout;
        while (server.Store.Revision < wanted)
        {
            if (server.Clock.GetUtcNow() >= end)
                throw TooLarge(wanted, server.Store.Revision);
            await Task.Delay(PollPeriod, server.Clock, cancellation);
        }
    }

    private static KubernetesApiException TooLarge(long wanted, long current) => new(
        504, "Timeout", $"Timeout: Too large resource version: {wanted}, current: {current}",
        Object(("causes", new JsonArray(Object(("reason", "ResourceVersionTooLarge"), ("message", "Too large resource version")))), ("retryAfterSeconds", 1)));
}
