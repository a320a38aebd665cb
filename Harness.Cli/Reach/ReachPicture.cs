using System.Globalization;
using System.Net;
using System.Text;
using ClusterSim.Network.Policies;

namespace Harness.Reach;

/// <summary>The matrix as a picture: rows connect, columns are connected to. Told by sign and by colour; pointing at a cell tells why.</summary>
internal static class ReachPicture
{
    private const int Cell = 28;
    private const int Letter = 7;
    private const int Margin = 16;
    private const string Style = """
        text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #24292f }
        .yes { fill: #1a7f37 } .no { fill: #f6dcd9 } .none { fill: #eaeef2 }
        .sign, .mark { text-anchor: middle; font-size: 14px } .sign.y, .mark.y { fill: #ffffff } .sign.n, .mark.n { fill: #a40e26 }
        .head { fill: #57606a; font-style: italic }
        .line { stroke: #8c959f; stroke-width: 1 }
        """;

    /// <summary>An SVG document.</summary>
    public static string Svg(ReachReport report) => Draw(report, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

    /// <summary>An HTML page: the picture, what its signs mean, and every connection with its reason. Nothing is loaded from elsewhere.</summary>
    public static string Html(ReachReport report)
    {
        var page = new StringBuilder();
        page.Append("""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>Who reaches whom</title>
            <style>
            body { font: 14px system-ui, sans-serif; margin: 2em; color: #24292f }
            table { border-collapse: collapse } td, th { border: 1px solid #d0d7de; padding: 3px 8px; text-align: left; vertical-align: top }
            td { font: 12px ui-monospace, Menlo, Consolas, monospace }
            tr.yes td:nth-child(4) { color: #1a7f37; font-weight: bold } tr.no td:nth-child(4) { color: #a40e26 }
            .picture { overflow-x: auto }
            </style>
            </head>
            <body>
            <h1>Who reaches whom</h1>
            <p>A row connects, a column is connected to. ✓ allowed, × denied. As the NetworkPolicies say it; the ports are the pods' own.</p>
            <div class="picture">

            """);
        page.Append(Draw(report, ""));
        page.Append("</div>\n<h2>Why</h2>\n<table>\n<tr><th>From</th><th>To</th><th>Service</th><th>Reaches</th><th>Why</th></tr>\n");
        foreach (var (from, to, verdict) in report.Connections)
        {
            var sign = verdict.IsAllowed ? "yes" : "no";
            page.Append($"<tr class=\"{sign}\"><td>{Text(from.Name)}</td><td>{Text(to.ToString())}</td><td>{Text(string.Join(", ", to.Port.Services))}</td><td>{sign}</td><td>{Text(verdict.Reason)}</td></tr>\n");
        }
        page.Append("</table>\n</body>\n</html>\n");
        return page.ToString();
    }

    private static string Draw(ReachReport report, string head)
    {
        var left = Margin + Letter * report.Sources.Select(source => source.Name.Length).DefaultIfEmpty(0).Max() + 12;
        // Headings lean by 45 degrees: what they take in height they take to the right as well.
        var leaning = (int)(Letter * report.Targets.Select(target => target.ToString().Length).DefaultIfEmpty(0).Max() * 0.72) + 12;
        var top = Margin + leaning;
        var width = Math.Max(left + Cell * report.Targets.Count + leaning, Cell * 13) + Margin;
        var bottom = top + Cell * report.Sources.Count;
        var height = bottom + Cell + Margin;
        var svg = new StringBuilder(head);
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"Who reaches whom\">\n");
        Add($"<style>\n{Style}\n</style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        for (var column = 0; column < report.Targets.Count; column++)
        {
            var x = left + Cell * column + Cell / 2;
            Add($"<text transform=\"translate({x} {top - 8}) rotate(-45)\">{Text(report.Targets[column].ToString())}</text>\n");
        }
        for (var row = 0; row < report.Sources.Count; row++)
        {
            var from = report.Sources[row];
            var y = top + Cell * row;
            Add($"<text x=\"{left - 10}\" y=\"{y + 19}\" text-anchor=\"end\">{Text(from.Name)}</text>\n");
            for (var column = 0; column < report.Targets.Count; column++)
                DrawCell(svg, report, from, report.Targets[column], left + Cell * column, y);
        }
        DrawBorders(svg, report, left, top);
        Add($"<text class=\"head\" x=\"{left - 10}\" y=\"{top - 8}\" text-anchor=\"end\">from ↓ to →</text>\n");
        var legend = ((string Kind, string Letter, string Sign, string Words)[])[("yes", "y", "✓", "allowed"), ("no", "n", "×", "denied"), ("none", "", "", "not the cluster's")];
        for (var index = 0; index < legend.Length; index++)
        {
            var (kind, letter, sign, words) = legend[index];
            var (x, y) = (Margin + Cell * 4 * index, bottom + 12);
            Add($"<rect class=\"{kind}\" x=\"{x}\" y=\"{y}\" width=\"18\" height=\"18\" rx=\"3\"/><text class=\"mark {letter}\" x=\"{x + 9}\" y=\"{y + 14}\">{sign}</text>");
            Add($"<text x=\"{x + 24}\" y=\"{y + 13}\">{words}</text>\n");
        }
        return svg.Append("</svg>\n").ToString();

        void Add(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
    }

    private static void DrawCell(StringBuilder svg, ReachReport report, ReachParty from, ReachTarget to, int x, int y)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"x=\"{x + 1}\" y=\"{y + 1}\" width=\"{Cell - 2}\" height=\"{Cell - 2}\" rx=\"3\"");
        if (from.Pod is null && to.Party.Pod is null)
        {
            svg.Append($"<rect class=\"none\" {place}/>\n");
            return;
        }
        var verdict = report.Verdict(from, to);
        var (kind, letter, sign) = verdict.IsAllowed ? ("yes", "y", "✓") : ("no", "n", "×");
        svg.Append($"<g><title>{Text($"{from.Name} → {to}: {verdict.Reason}")}</title><rect class=\"{kind}\" {place}/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"sign {letter}\" x=\"{x + Cell / 2}\" y=\"{y + 19}\">{sign}</text></g>\n");
    }

    // Between namespaces, so that the eye finds the squares of one namespace with itself.
    private static void DrawBorders(StringBuilder svg, ReachReport report, int left, int top)
    {
        var (right, bottom) = (left + Cell * report.Targets.Count, top + Cell * report.Sources.Count);
        for (var column = 1; column < report.Targets.Count; column++)
            if (report.Targets[column].Party.Namespace != report.Targets[column - 1].Party.Namespace)
                Line(left + Cell * column, top, left + Cell * column, bottom);
        for (var row = 1; row < report.Sources.Count; row++)
            if (report.Sources[row].Namespace != report.Sources[row - 1].Namespace)
                Line(left, top + Cell * row, right, top + Cell * row);

        void Line(int x1, int y1, int x2, int y2) =>
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"line\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
