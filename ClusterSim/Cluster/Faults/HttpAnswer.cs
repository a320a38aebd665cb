using System.Globalization;
using System.Text;

namespace ClusterSim.Faults;

/// <summary>An answer that the wire gives in a server's place.</summary>
public sealed record HttpAnswer
{
    /// <summary>Its status, such as 503.</summary>
    public required int Status { get; init; }

    /// <summary>Its body; <see langword="null"/>: a problem document that says it is a fault on purpose.</summary>
    public string? Body { get; init; }

    /// <summary>Whether the request is carried out all the same, and only its own answer lost.</summary>
    public bool AfterCarriedOut { get; init; }

    /// <summary>Only requests that hold this text, head or body; <see langword="null"/>: all.</summary>
    public string? ToRequestsHolding { get; init; }

    /// <summary>As HTTP/1.1 sends it.</summary>
    internal byte[] ToBytes(bool closes)
    {
        var body = Encoding.UTF8.GetBytes(Body ?? $$"""{"title":"a fault on purpose","status":{{Status}}}""");
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {Status} On-purpose\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{(closes ? "Connection: close\r\n" : "")}\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
