using WireMock.ResponseBuilders;
using WireMock.Types;
using WireMock.Util;

namespace WireMock;

/// <summary>An answer of the stub server.</summary>
public interface IResponseMessage
{
    /// <summary>The body.</summary>
    IBodyData? BodyData { get; set; }

    /// <summary>How the answer is spoiled.</summary>
    FaultType FaultType { get; set; }

    /// <summary>How often it is spoiled, from 0 to 1; <see langword="null"/>: always.</summary>
    double? FaultPercentage { get; set; }

    /// <summary>Headers.</summary>
    IDictionary<string, WireMockList<string>>? Headers { get; set; }

    /// <summary>An <see cref="int"/>, a <see cref="System.Net.HttpStatusCode"/> or a string of digits; <see langword="null"/>: 200.</summary>
    object? StatusCode { get; set; }

    /// <summary>Adds a header.</summary>
    void AddHeader(string name, string value);

    /// <summary>Adds a header's values.</summary>
    void AddHeader(string name, params string[] values);
}
