namespace PactNet.Models;

/// <summary>Where a mock server listens.</summary>
public enum IPAddress
{
    /// <summary>On every address of the machine.</summary>
    Any,

    /// <summary>On 127.0.0.1.</summary>
    Loopback,
}
