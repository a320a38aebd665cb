using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ClusterSim.Network.Policies;

/// <summary>
/// A CIDR as Kubernetes reads it (Go's <c>net.ParseCIDR</c>): host bits may be set and are ignored, which .NET's own type refuses.
/// </summary>
internal readonly record struct AddressRange
{
    private readonly UInt128 _network;
    private readonly UInt128 _mask;
    private readonly AddressFamily _family;

    private AddressRange(UInt128 network, UInt128 mask, AddressFamily family, string text)
    {
        (_network, _mask, _family, Text) = (network, mask, family, text);
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Reads <c>10.0.0.0/8</c> or <c>2001:db8::/32</c>.</summary>
    /// <exception cref="FormatException">It is no CIDR.</exception>
    public static AddressRange Parse(string cidr) =>
        TryParse(cidr, out var range) ? range : throw new FormatException($"'{cidr}' is not a CIDR; write an address, a slash and a prefix length, such as 10.0.0.0/8");

    /// <summary>Reads a CIDR; false where it is none.</summary>
    public static bool TryParse(string cidr, out AddressRange range)
    {
        range = default;
        var slash = cidr.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(cidr.AsSpan(0, slash), out var address)
            || !int.TryParse(cidr.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var prefix))
            return false;
        var width = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (prefix > width)
            return false;
        var mask = prefix == 0 ? UInt128.Zero : UInt128.MaxValue << (width - prefix);
        range = new AddressRange(Number(address) & mask, mask, address.AddressFamily, cidr);
        return true;
    }

    /// <summary>Whether the address lies in it. An IPv4 address in IPv6's clothes counts as IPv4.</summary>
    public bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == _family && (Number(plain) & _mask) == _network;
    }

    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        var number = UInt128.Zero;
        foreach (var part in bytes[..written])
            number = (number << 8) | part;
        return number;
    }
}
