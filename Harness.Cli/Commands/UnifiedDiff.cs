using System.Text;

namespace Harness.Commands;

/// <summary>Compares two texts by lines and writes the differences as <c>diff -u</c> does.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;
    private const string Red = "\e[31m";
    private const string Green = "\e[32m";
    private const string Cyan = "\e[36m";
    private const string Reset = "\e[0m";

    /// <summary>Returns the differences; empty where there are none.</summary>
    public static string Write(string oldText, string newText, string oldName, string newName, bool isColored)
    {
        var lines = Compare(Lines(oldText), Lines(newText));
        if (lines.TrueForAll(line => line.Sign == ' '))
            return "";
        var text = new StringBuilder();
        Line(text, "", $"--- {oldName}", isColored);
        Line(text, "", $"+++ {newName}", isColored);
        for (var at = 0; (at = lines.FindIndex(at, line => line.Sign != ' ')) >= 0;)
        {
            var from = Math.Max(at - Context, 0);
            var end = at;
            for (var i = at; i < lines.Count && i <= end + (2 * Context); i++)
                if (lines[i].Sign != ' ')
                    end = i;
            end = Math.Min(end + Context + 1, lines.Count);
            Hunk(text, lines, from, end, isColored);
            at = end;
        }
        return text.ToString();
    }

    private static void Hunk(StringBuilder text, List<(char Sign, string Text)> lines, int from, int end, bool isColored)
    {
        var (oldStart, newStart) = (lines.Take(from).Count(line => line.Sign != '+'), lines.Take(from).Count(line => line.Sign != '-'));
        var hunk = lines.GetRange(from, end - from);
        var (oldCount, newCount) = (hunk.Count(line => line.Sign != '+'), hunk.Count(line => line.Sign != '-'));
        Line(text, Cyan, $"@@ -{Range(oldStart, oldCount)} +{Range(newStart, newCount)} @@", isColored);
        foreach (var (sign, line) in hunk)
            Line(text, sign switch { '-' => Red, '+' => Green, _ => "" }, $"{sign}{line}", isColored);
    }

    private static string Range(int start, int count) => count == 0 ? $"{start},0" : count == 1 ? $"{start + 1}" : $"{start + 1},{count}";

    private static void Line(StringBuilder text, string color, string line, bool isColored) =>
        text.Append(isColored ? color : "").Append(line).Append(isColored && color.Length > 0 ? Reset : "").Append('\n');

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

    // The longest common subsequence; objects have some hundred lines.
    private static List<(char Sign, string Text)> Compare(string[] before, string[] after)
    {
        var common = new int[before.Length + 1, after.Length + 1];
        for (var i = before.Length - 1; i >= 0; i--)
            for (var j = after.Length - 1; j >= 0; j--)
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        var lines = new List<(char, string)>();
        var (left, right) = (0, 0);
        while (left < before.Length || right < after.Length)
        {
            if (left < before.Length && right < after.Length && before[left] == after[right])
            {
                lines.Add((' ', before[left++]));
                right++;
            }
            else if (left < before.Length && (right == after.Length || common[left + 1, right] >= common[left, right + 1]))
            {
                lines.Add(('-', before[left++]));
            }
            else
            {
                lines.Add(('+', after[right++]));
            }
        }
        return lines;
    }
}
