namespace WireMock.Types;

/// <summary>A header's or parameter's values; one value converts to it, and it prints as that value.</summary>
/// <typeparam name="T">What a value is.</typeparam>
public class WireMockList<T> : List<T>
{
    /// <summary>No values.</summary>
    public WireMockList()
    {
    }

    /// <summary>These values.</summary>
    public WireMockList(params T[] collection) : base(collection)
    {
    }

    /// <summary>These values.</summary>
    public WireMockList(IEnumerable<T> collection) : base(collection)
    {
    }

    /// <summary>One value.</summary>
    public static implicit operator WireMockList<T>(T value) => new(value);

    /// <summary>These values.</summary>
    public static implicit operator WireMockList<T>(T[] values) => new(values);

    /// <summary>The values, joined by a comma and a space.</summary>
    public override string ToString() => string.Join(", ", this);
}
