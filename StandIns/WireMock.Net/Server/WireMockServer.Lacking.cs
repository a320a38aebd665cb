using WireMock.Logging;

namespace WireMock.Server;

/// <content>What the package has and the stand-in has not.</content>
public partial class WireMockServer
{
    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public static WireMockServer StartWithAdminInterface(int? port = 0, bool useSSL = false, bool useHttp2 = false) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public static WireMockServer StartWithAdminInterface(params string[] urls) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public static WireMockServer StartWithAdminInterfaceAndReadStaticMappings(params string[] urls) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void AddCatchAllMapping() => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void AddGlobalProcessingDelay(TimeSpan delay) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void AllowPartialMapping(bool allow = true) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public bool DeleteLogEntry(Guid guid) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public bool DeleteMapping(Guid guid) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public IReadOnlyList<ILogEntry> FindUnmatchedLogEntries() => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void ReadStaticMappings(string? folder = null) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public bool ReadStaticMappingAndAddOrUpdate(string path) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void RemoveAuthentication() => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void SavePact(string folder, string? filename = null) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void SaveStaticMappings(string? folder = null) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void SetBasicAuthentication(string username, string password) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void SetMaxRequestLogCount(int? maxRequestLogCount) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void SetRequestLogExpirationDuration(int? requestLogExpirationDuration) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public void WatchStaticMappings(string? folder = null) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public WireMockServer WithConsumer(string consumer) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public WireMockServer WithMapping(string mappings) => throw StandIn.Lacks();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Lacking]
    public WireMockServer WithProvider(string provider) => throw StandIn.Lacks();
}
