using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace ClusterSim.Registry;

/// <summary>The token that a page of a list ends with (<c>pkg/storage/continue.go</c>): the revision of the list and the key that the next page starts at.</summary>
internal static class ContinueToken
{
    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private const string ApiVersion = "meta.k8s.io/v1";

    /// <summary>Writes a token.</summary>
    /// <param name="revision">The revision of the list; -1 for a list of what is there when the token is used.</param>
    /// <param name="last">The last object of the page.</param>
    public static string Write(long revision, ObjectKey last) => Base64Url.EncodeToString(
        JsonBuilding.Object(("v", ApiVersion), ("rv", revision), ("start", $"{last.Namespace}/{last.Name}\0")).ToUtf8());

    /// <summary>Reads a token.</summary>
    /// <exception cref="KubernetesApiException">400.</exception>
    public static (long Revision, ObjectKey Last) Read(string token)
    {
        byte[] json;
        try
        {
            json = Base64Url.DecodeFromChars(token.TrimEnd('='));
        }
        catch (FormatException)
        {
            var at = token.AsSpan().IndexOfAnyExcept(Letters);
            throw Invalid($"illegal base64 data at input byte {(at < 0 ? token.Length - (token.Length % 4) : at)}");
        }
        if (GoJsonSyntax.Complaint(json) is { } complaint)
            throw Invalid(complaint);
        var read = JsonElement.Parse(json);
        if (read.At("v").Text("") is var version && version != ApiVersion)
            throw Invalid($"server does not recognize this encoded version {GoText.Quote(version)}");
        if (read.At("rv").Integer() is not { } revision || revision == 0)
            throw Invalid($"incorrect encoded start resourceVersion (version {ApiVersion})");
        var start = read.At("start").Text("");
        if (start.Length == 0)
            throw Invalid($"encoded start key empty (version {ApiVersion})");
        if (start.Contains("/../", StringComparison.Ordinal) || start.StartsWith("../", StringComparison.Ordinal) || start.EndsWith("/..", StringComparison.Ordinal))
            throw Invalid(start);
        var slash = start.IndexOf('/', StringComparison.Ordinal);
        return (revision, new ObjectKey(slash <= 0 ? null : start[..slash], start[(slash + 1)..].TrimEnd('\0')));
    }

    private static KubernetesApiException Invalid(string why) => KubernetesApiException.BadRequest($"invalid continue token: continue key is not valid: {why}");
}
