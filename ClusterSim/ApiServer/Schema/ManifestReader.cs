using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ClusterSim.Schema;

/// <summary>One object of a manifest, with where it stands.</summary>
/// <param name="Object">The object as written, untyped.</param>
/// <param name="File">The file it was read from, as its reader called it.</param>
/// <param name="Document">Which document of the file, from 1.</param>
/// <param name="Line">The line it begins at, from 1.</param>
internal sealed record ManifestObject(JsonObject Object, string File, int Document, long Line)
{
    /// <summary>For messages: <c>file.yaml:12 (document 2)</c>.</summary>
    public string Place => $"{File}:{Line} (document {Document})";
}

/// <summary>Reads manifest files: YAML with any number of documents, or JSON; lists (<c>kind: List</c>, <c>PodList</c>) are taken apart.</summary>
internal static class ManifestReader
{
    /// <summary>Reads the objects of a file; empty documents are skipped.</summary>
    /// <param name="content">UTF-8.</param>
    /// <param name="file">What to call the file in messages.</param>
    /// <exception cref="FormatException">It is malformed, or a document is no object with apiVersion and kind; says which file, line and document.</exception>
    public static IReadOnlyList<ManifestObject> Read(ReadOnlyMemory<byte> content, string file)
    {
        var result = new List<ManifestObject>();
        var number = 0;
        long line = 1;
        try
        {
            var parser = new Parser(new StringReader(Encoding.UTF8.GetString(content.Span)));
            parser.Consume<StreamStart>();
            while (!parser.Accept<StreamEnd>(out _))
            {
                number++;
                var json = YamlConversion.Document(parser, strict: null, out line);
                Flatten(JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = JsonLimits.DepthMax }), new ManifestObject([], file, number, line), result);
            }
        }
        catch (YamlException malformed)
        {
            throw new FormatException($"{file}:{malformed.Start.Line} (document {Math.Max(number, 1)}): {malformed.Message}", malformed);
        }
        catch (InvalidOperationException malformed)
        {
            throw new FormatException($"{file} (document {Math.Max(number, 1)}): a list or map in brackets is not closed as it was opened", malformed);
        }
        catch (DecodeException refused)
        {
            throw new FormatException($"{file}:{line} (document {Math.Max(number, 1)}): {refused.Message}", refused);
        }
        catch (JsonException tooDeep)
        {
            throw new FormatException($"{file}:{line} (document {number}): nested deeper than {JsonLimits.DepthMax} levels", tooDeep);
        }
        return result;
    }

    private static void Flatten(JsonNode? node, ManifestObject place, List<ManifestObject> into)
    {
        if (node is null)
            return;
        if (node is not JsonObject @object)
            throw new FormatException($"{place.Place}: expected an object with apiVersion and kind, found {(node is JsonArray ? "a list" : $"the value {node.ToJsonString()}")}");
        if (string.IsNullOrEmpty(@object.Text("kind")))
            throw new FormatException($"{place.Place}: 'kind' is missing");
        if (string.IsNullOrEmpty(@object.Text("apiVersion")))
            throw new FormatException($"{place.Place}: 'apiVersion' is missing in this {@object.Text("kind")}");
        if (@object.Text("kind")!.EndsWith("List", StringComparison.Ordinal) && @object["items"] is JsonArray items)
        {
            foreach (var item in items.ToList())
                Flatten(item?.DeepClone(), place, into);
            return;
        }
        into.Add(place with { Object = @object });
    }
}
