using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ClusterSim.Machinery;

/// <summary>
/// The rules of IP addresses and ranges in fields that have been there since before Go grew strict: leading zeros are tolerated
/// (<c>netutils.ParseIPSloppy</c>).
/// </summary>
internal static class AddressRules
{
    /// <summary>The address; null where this is none.</summary>
    public static IPAddress? Parse(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
            return !text.Contains('%', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal)
                && IPAddress.TryParse(text, out var address) ? address : null;
        var parts = text.Split('.');
        if (parts.Length != 4)
            return null;
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < 4; i++)
            if (parts[i].Length is 0 or > 3 || !byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]))
                return null;
        return new IPAddress(bytes);
    }

    /// <summary>The range; null where this is none.</summary>
    public static IPNetwork? ParseRange(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || Parse(text[..slash]) is not { } address
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            return null;
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return length > bits ? null : new IPNetwork(Masked(address, length), length);
    }

    /// <summary>An IP address.</summary>
    public static bool Address(FieldErrors errors, string text, FieldPath path)
    {
        if (Parse(text) is not null)
            return true;
        errors.Invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        return false;
    }

    /// <summary>An address of one family.</summary>
    public static void AddressOf(FieldErrors errors, string text, FieldPath path, AddressFamily family)
    {
        if (Parse(text)?.AddressFamily != family)
            errors.Invalid(path, text, family == AddressFamily.InterNetwork ? "must be a valid IPv4 address" : "must be a valid IPv6 address");
    }

    /// <summary>A range of addresses.</summary>
    public static bool Range(FieldErrors errors, string text, FieldPath path)
    {
        if (ParseRange(text) is not null)
            return true;
        errors.Invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        return false;
    }

    /// <summary>What is wrong with an address in a field that has been strict from the start; null where nothing is (<c>IsValidIP</c>).</summary>
    public static string? Strict(string text)
    {
        if (Parse(text) is not { } address)
            return "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        if (HasLeadingZeros(text))
            return "must not have leading 0s";
        return address.IsIPv4MappedToIPv6 ? "must not be an IPv4-mapped IPv6 address" : null;
    }

    /// <summary>The same of a range (<c>IsValidCIDR</c>).</summary>
    public static string? StrictRange(string text)
    {
        if (ParseRange(text) is not { } range)
            return "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (HasLeadingZeros(text[..slash]) || (text[slash + 1] == '0' && text.Length > slash + 2))
            return "must not have leading 0s in IP or prefix length";
        if (range.BaseAddress.IsIPv4MappedToIPv6)
            return "must not be an IPv4-mapped IPv6 address";
        return range.BaseAddress.Equals(Parse(text[..slash])) ? null : "must not have bits set beyond the prefix length";
    }

    private static bool HasLeadingZeros(string address) =>
        !address.Contains(':', StringComparison.Ordinal) && address.Split('.').Any(part => part.Length > 1 && part[0] == '0');

    /// <summary>An address one can route to: none of the unspecified, loopback and link-local ones.</summary>
    public static void NotSpecial(FieldErrors errors, string text, FieldPath path)
    {
        if (Parse(text) is not { } address)
        {
            errors.Invalid(path, text, "must be a valid IP address");
            return;
        }
        var bytes = address.GetAddressBytes();
        var isV4 = bytes.Length == 4;
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            errors.Invalid(path, text, $"may not be unspecified ({text})");
        if (IPAddress.IsLoopback(address))
            errors.Invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
        if (isV4 ? bytes[0] == 169 && bytes[1] == 254 : address.IsIPv6LinkLocal)
            errors.Invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
        if (isV4 ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xff && (bytes[1] & 0x0f) == 2)
            errors.Invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - kept));
        }
        return new IPAddress(bytes);
    }
}
