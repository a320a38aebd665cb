using System.Text;
using WireMock.Types;

namespace WireMock.Util;

/// <summary>A body, in whichever forms are known.</summary>
public interface IBodyData
{
    /// <summary>As bytes.</summary>
    byte[]? BodyAsBytes { get; set; }

    /// <summary>As an object that serializes to JSON; of a request, what its JSON was read to.</summary>
    object? BodyAsJson { get; set; }

    /// <summary>As text.</summary>
    string? BodyAsString { get; set; }

    /// <summary>Which of the forms counts.</summary>
    BodyType? DetectedBodyType { get; set; }

    /// <summary>The text's encoding; UTF-8 where not given.</summary>
    Encoding? Encoding { get; set; }
}
