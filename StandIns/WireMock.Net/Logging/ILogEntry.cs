using WireMock.Matchers.Request;

namespace WireMock.Logging;

/// <summary>A request, and what became of it.</summary>
public interface ILogEntry
{
    /// <summary>The entry's own id.</summary>
    Guid Guid { get; }

    /// <summary>The mapping that answered; <see langword="null"/> where none matched (404).</summary>
    Guid? MappingGuid { get; }

    /// <summary>The mapping's title.</summary>
    string? MappingTitle { get; }

    /// <summary>How well the mapping that answered matched.</summary>
    IRequestMatchResult? RequestMatchResult { get; }

    /// <summary>What was asked.</summary>
    IRequestMessage? RequestMessage { get; }

    /// <summary>What was answered.</summary>
    IResponseMessage? ResponseMessage { get; }
}
