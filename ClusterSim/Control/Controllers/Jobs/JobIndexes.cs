using System.Globalization;

namespace ClusterSim.Controllers.Jobs;

/// <summary>Indexes as a Job's status writes them: <c>0-2,4</c>.</summary>
internal static class JobIndexes
{
    /// <summary>Reads them.</summary>
    public static SortedSet<int> Parse(string? text)
    {
        var indexes = new SortedSet<int>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
            var last = int.Parse(ends[^1], CultureInfo.InvariantCulture);
            for (var index = first; index <= last; index++)
                indexes.Add(index);
        }
        return indexes;
    }

    /// <summary>Writes them; three or more in a row as a range, two with a comma.</summary>
    public static string Format(SortedSet<int> indexes)
    {
        var parts = new List<string>();
        int? first = null;
        var last = 0;
        void Flush()
        {
            if (first is not { } from)
                return;
            parts.Add(from == last ? $"{from}" : last == from + 1 ? $"{from},{last}" : $"{from}-{last}");
        }
        foreach (var index in indexes)
        {
            if (first is not null && index == last + 1)
            {
                last = index;
                continue;
            }
            Flush();
            first = last = index;
        }
        Flush();
        return string.Join(",", parts);
    }
}
