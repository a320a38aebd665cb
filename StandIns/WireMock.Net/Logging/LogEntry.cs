using WireMock.Matchers.Request;

namespace WireMock.Logging;

/// <summary>A request, and what became of it.</summary>
public class LogEntry : ILogEntry
{
    /// <inheritdoc/>
    public Guid Guid { get; set; }

    /// <inheritdoc/>
    public Guid? MappingGuid { get; set; }

    /// <inheritdoc/>
    public string? MappingTitle { get; set; }

    /// <inheritdoc/>
    public IRequestMatchResult? RequestMatchResult { get; set; }

    /// <inheritdoc/>
    public IRequestMessage? RequestMessage { get; set; }

    /// <inheritdoc/>
    public IResponseMessage? ResponseMessage { get; set; }
}
