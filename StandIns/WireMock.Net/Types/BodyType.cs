namespace WireMock.Types;

/// <summary>What a body is.</summary>
public enum BodyType
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Text.</summary>
    String,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>Bytes.</summary>
    Bytes,
}
