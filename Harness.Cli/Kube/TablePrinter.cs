using System.Text;
using System.Text.Json;
using ClusterSim.Json;

namespace Harness.Kube;

/// <summary>Prints a <c>meta.k8s.io/v1</c> Table as kubectl get does.</summary>
public static class TablePrinter
{
    private const int Gap = 3;

    /// <summary>The table as text, with a heading.</summary>
    /// <param name="table">The server's Table.</param>
    /// <param name="withNamespace">Whether a column tells each object's namespace.</param>
    /// <param name="wide">Whether to print the columns of lower priority too.</param>
    public static string Print(JsonElement table, bool withNamespace = false, bool wide = false) => Print([table], withNamespace, wide);

    /// <summary>Several tables with the same columns as one.</summary>
    /// <param name="tables">The server's Tables.</param>
    /// <param name="withNamespace">Whether a column tells each object's namespace.</param>
    /// <param name="wide">Whether to print the columns of lower priority too.</param>
    /// <param name="kind">What stands before each name, as kubectl does it where kinds are mixed: <c>deployment.apps</c>; null for nothing.</param>
    public static string Print(IReadOnlyList<JsonElement> tables, bool withNamespace, bool wide, string? kind = null) => Align(Rows(tables, withNamespace, wide, kind));

    /// <summary>The heading and the rows of tables with the same columns, cell by cell.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Rows(IReadOnlyList<JsonElement> tables, bool withNamespace, bool wide, string? kind = null)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var table in tables)
        {
            var columns = table.At("columnDefinitions").Items().Select((column, index) => (column, index))
                .Where(pair => wide || pair.column.At("priority").Integer(0) == 0).ToList();
            if (rows.Count == 0)
            {
                var heading = columns.Select(pair => pair.column.At("name").Text("").ToUpperInvariant());
                rows.Add(withNamespace ? ["NAMESPACE", .. heading] : [.. heading]);
            }
            foreach (var row in table.At("rows").Items())
            {
                var cells = row.At("cells").Items().Select(Cell).ToList();
                if (kind is not null)
                    cells[0] = $"{kind}/{cells[0]}";
                var shown = columns.Select(pair => cells[pair.index]);
                rows.Add(withNamespace ? [row.At("object", "metadata").At("namespace").Text(""), .. shown] : [.. shown]);
            }
        }
        return rows;
    }

    /// <summary>Rows with their columns aligned; trailing blanks are left out.</summary>
    public static string Align(IReadOnlyList<IReadOnlyList<string>> rows, int gap = Gap)
    {
        if (rows.Count == 0)
            return "";
        var widths = Enumerable.Range(0, rows.Max(row => row.Count)).Select(column => rows.Max(row => column < row.Count ? row[column].Length : 0)).ToList();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Count; column++)
                line.Append(row[column].PadRight(widths[column] + gap));
            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
        return text.ToString();
    }

    private static string Cell(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.String => cell.GetString()!,
        JsonValueKind.Undefined or JsonValueKind.Null => "<none>",
        _ => cell.GetRawText(),
    };
}
