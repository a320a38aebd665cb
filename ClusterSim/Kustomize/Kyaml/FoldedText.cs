using System.Text;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>
/// What folded blocks become when kustomize writes them and reads them again. goyaml.v3's writer looks for the next line at the start of the text
/// (<c>yaml_emitter_write_folded_scalar</c>), so that one more line end is read wherever an indented line follows one that is not.
/// </summary>
internal static class FoldedText
{
    public static string Reread(string text)
    {
        if (text.Length == 0 || text[0] is ' ' or '\n' || !ScalarAnalysis.Of(text).AllowsBlock)
            return text;
        var result = new StringBuilder();
        var isIndented = false;
        for (var i = 0; i < text.Length;)
        {
            var end = text.IndexOf('\n', i);
            if (end < 0)
                return result.Append(text.AsSpan(i)).ToString();
            result.Append(text.AsSpan(i, end - i));
            var next = end;
            while (next < text.Length && text[next] == '\n')
                next++;
            result.Append('\n', next - end);
            var isNextIndented = next < text.Length && text[next] is ' ' or '\t';
            if (!isIndented && (isNextIndented || (next == text.Length && next - end > 1)))
                result.Append('\n');
            isIndented = isNextIndented;
            i = next;
        }
        return result.ToString();
    }
}
