using WireMock.ResponseBuilders;
using WireMock.Types;
using WireMock.Util;

namespace WireMock;

/// <summary>An answer; what a callback returns.</summary>
public class ResponseMessage : IResponseMessage
{
    /// <inheritdoc/>
    public IBodyData? BodyData { get; set; }

    /// <inheritdoc/>
    public FaultType FaultType { get; set; }

    /// <inheritdoc/>
    public double? FaultPercentage { get; set; }

    /// <inheritdoc/>
    public IDictionary<string, WireMockList<string>>? Headers { get; set; } = new Dictionary<string, WireMockList<string>>(StringComparer.Ordinal);

    /// <inheritdoc/>
    public object? StatusCode { get; set; }

    /// <inheritdoc/>
    public void AddHeader(string name, string value) => AddHeader(name, [value]);

    /// <inheritdoc/>
    public void AddHeader(string name, params string[] values)
    {
        Headers ??= new Dictionary<string, WireMockList<string>>(StringComparer.Ordinal);
        Headers[name] = Headers.TryGetValue(name, out var present) ? new WireMockList<string>(values.Union(present)) : new WireMockList<string>(values);
    }
}
