using System.Text;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>The sources of a generator's data: env files, literals and files, in this order (<c>kv.Loader</c>).</summary>
internal static class KvPairSources
{
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <exception cref="KustomizeException">A source is malformed or a key comes twice; the message names the field.</exception>
    public static IReadOnlyDictionary<string, byte[]> Load(FieldReader args, FileLoader loader)
    {
        var values = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var env = args.Text("env");
        foreach (var file in env.Length > 0 ? args.Texts("envs").Append(env) : args.Texts("envs"))
            foreach (var (key, value) in Lines("envs", file))
                Add("envs", key, value);
        foreach (var literal in args.Texts("literals"))
        {
            if (literal.Split('=', 2) is not [{ Length: > 0 } key, var value])
                throw args.Error("literals", $"\"{literal}\": key=value is expected");
            Add("literals", key, Encoding.UTF8.GetBytes(WithoutQuotes(value)));
        }
        foreach (var source in args.Texts("files"))
        {
            var (key, path) = FileSource(source);
            Add("files", key, Read("files", path));
        }
        return values;

        void Add(string field, string key, byte[] value)
        {
            if (!values.TryAdd(key, value))
                throw args.Error(field, $"key \"{key}\" comes twice");
        }

        byte[] Read(string field, string path)
        {
            try
            {
                return loader.Load(path);
            }
            catch (KustomizeException ex)
            {
                throw args.Error(field, ex.Message);
            }
        }

        IEnumerable<(string Key, byte[] Value)> Lines(string field, string file)
        {
            var content = Read(field, file);
            var text = Encoding.UTF8.GetString(content.AsSpan().StartsWith(ByteOrderMark) ? content.AsSpan(ByteOrderMark.Length) : content);
            foreach (var line in text.Split('\n').Select(line => line.TrimEnd('\r').TrimStart()).Where(line => line.Length > 0 && line[0] != '#'))
            {
                var parts = line.Split('=', 2);
                if (parts[0].Length > 0)
                    yield return (parts[0], Encoding.UTF8.GetBytes(parts.Length == 2 ? parts[1] : ""));
            }
        }

        (string Key, string Path) FileSource(string source) => source.Split('=') switch
        {
            [var path] => (path[(path.LastIndexOf('/') + 1)..], path),
            [{ Length: > 0 } key, { Length: > 0 } path] => (key, path),
            _ => throw args.Error("files", $"\"{source}\": path or key=path is expected"),
        };
    }

    private static string WithoutQuotes(string text) =>
        text.Length >= 2 && text[0] == text[^1] && text[0] is '"' or '\'' ? text[1..^1] : text;
}
