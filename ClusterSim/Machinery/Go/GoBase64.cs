using System.Buffers.Text;

namespace ClusterSim.Machinery;

/// <summary>Base64 as Go's <c>encoding/base64</c> reads it.</summary>
internal static class GoBase64
{
    /// <summary>Brings base64 into its canonical form; <paramref name="complaint"/> is Go's error where it is none.</summary>
    public static bool TryCanonicalise(string text, out string canonical, out string complaint)
    {
        complaint = "";
        canonical = text.AsSpan().ContainsAny('\r', '\n') ? text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal) : text;
        // Base64.IsValid also takes other white space, which Go does not.
        if (canonical.AsSpan().ContainsAny(' ', '\t') || !Base64.IsValid(canonical))
        {
            complaint = $"illegal base64 data at input byte {FirstIllegal(text)}";
            return false;
        }
        if (canonical.Length > 0 && canonical[^1] == '=')
            canonical = Convert.ToBase64String(Convert.FromBase64String(canonical));
        return true;
    }

    // Where Go's decoder stops: at the first letter outside the alphabet, at misplaced padding, or at the start of an unfinished group.
    private static int FirstIllegal(string text)
    {
        var inGroup = 0;
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (letter is '\r' or '\n')
                continue;
            if (letter == '=')
            {
                if (inGroup < 2)
                    return at;
                var next = at + 1;
                while (next < text.Length && text[next] is '\r' or '\n')
                    next++;
                if (inGroup == 2)
                {
                    if (next == text.Length)
                        return text.Length;
                    if (text[next] != '=')
                        return next - 1;
                    next++;
                }
                return next;
            }
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('+' or '/'))
                return at;
            inGroup = (inGroup + 1) % 4;
        }
        return text.Length - inGroup;
    }
}
