namespace WireMock.ResponseBuilders;

/// <summary>How an answer is spoiled.</summary>
public enum FaultType
{
    /// <summary>Not at all.</summary>
    NONE,

    /// <summary>Its body is left out; status and headers stay.</summary>
    EMPTY_RESPONSE,

    /// <summary>Half of its body, then rubbish.</summary>
    MALFORMED_RESPONSE_CHUNK,
}
