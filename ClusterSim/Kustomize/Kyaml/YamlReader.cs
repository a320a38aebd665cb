using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>Reads YAML documents as nodes. Aliases and merge keys are resolved (<c>AnchorsAweigh</c>).</summary>
internal sealed class YamlReader
{
    private const int NodesMax = 1_000_000;
    private const int DepthMax = 500;

    private readonly Dictionary<string, RNode> _anchors = new(StringComparer.Ordinal);
    private readonly Parser _parser;
    private int _nodes;

    private YamlReader(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Reads all documents; empty ones are left out.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="source">The name of the text in messages.</param>
    /// <exception cref="KustomizeException">The text is malformed; the message names the line.</exception>
    public static IReadOnlyList<(RNode Node, long Line)> Read(ReadOnlySpan<byte> utf8, string source)
    {
        try
        {
            return new YamlReader(Encoding.UTF8.GetString(utf8).TrimStart('\uFEFF')).Documents();
        }
        catch (YamlException ex)
        {
            throw new KustomizeException($"{source}:{ex.Start.Line}: {ex.Message.Split('\n')[0]}");
        }
        catch (InvalidOperationException)
        {
            throw new KustomizeException($"{source}: a list or map in brackets is not closed as it was opened");
        }
        catch (KustomizeException ex)
        {
            throw ex.At(source);
        }
    }

    private List<(RNode Node, long Line)> Documents()
    {
        var documents = new List<(RNode, long)>();
        _parser.Consume<StreamStart>();
        while (!_parser.Accept<StreamEnd>(out _))
        {
            _parser.Consume<DocumentStart>();
            _anchors.Clear();
            var line = _parser.Current!.Start.Line;
            var node = Node(depth: 0);
            _parser.Consume<DocumentEnd>();
            if (!node.IsNull)
                documents.Add((node, line));
        }
        return documents;
    }

    private RNode Node(int depth)
    {
        if (++_nodes > NodesMax || depth > DepthMax)
            throw new KustomizeException($"line {_parser.Current!.Start.Line}: the document is too large or nested deeper than {DepthMax} levels");
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            var target = _anchors.GetValueOrDefault(alias.Value.Value)
                ?? throw new KustomizeException($"line {alias.Start.Line}: unknown anchor \"{alias.Value.Value}\"");
            _nodes += Count(target);
            return target.Clone();
        }
        var anchor = _parser.Current is NodeEvent { Anchor.IsEmpty: false } anchored ? anchored.Anchor.Value : null;
        var node = _parser.Current switch
        {
            MappingStart => Map(depth),
            SequenceStart => List(depth),
            _ => Scalar(_parser.Consume<Scalar>()),
        };
        if (anchor is not null)
            _anchors[anchor] = node;
        return node;
    }

    private RNode Map(int depth)
    {
        _parser.Consume<MappingStart>();
        var map = RNode.Mapping();
        var merged = new List<RNode>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var line = _parser.Current!.Start.Line;
            var isMerge = _parser.Current is Scalar { Value: "<<", Style: ScalarStyle.Plain };
            var key = Node(depth + 1);
            if (key.Kind != NodeKind.Scalar)
                throw new KustomizeException($"line {line}: a key must be a scalar, found {key.Describe()}");
            var value = Node(depth + 1);
            if (isMerge)
                merged.AddRange(value.Kind == NodeKind.Sequence ? value.Items : [value]);
            else if (map.Get(key.Value) is not null)
                throw new KustomizeException($"line {line}: key \"{key.Value}\" is already set in the map");
            else
                map.Set(key.Value, value);
        }
        foreach (var source in merged)
        {
            if (source.Kind != NodeKind.Mapping)
                throw new KustomizeException("a merge key (<<) takes a map or a list of maps");
            foreach (var (name, value) in source.Fields)
                if (map.Get(name) is null)
                    map.Set(name, value.Clone());
        }
        return map;
    }

    private RNode List(int depth)
    {
        _parser.Consume<SequenceStart>();
        var list = RNode.Sequence();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            list.Items.Add(Node(depth + 1));
        return list;
    }

    private static RNode Scalar(Scalar scalar)
    {
        var quoted = scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any);
        var tag = scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific
            ? quoted || !scalar.Tag.IsEmpty ? ScalarTag.Str : ScalarResolver.Resolve(scalar.Value)
            : scalar.Tag.Value switch
            {
                "tag:yaml.org,2002:int" => ScalarTag.Int,
                "tag:yaml.org,2002:float" => ScalarTag.Float,
                "tag:yaml.org,2002:bool" => ScalarTag.Bool,
                "tag:yaml.org,2002:null" => ScalarTag.Null,
                "tag:yaml.org,2002:timestamp" => ScalarTag.Timestamp,
                _ => ScalarTag.Str,
            };
        var node = RNode.Scalar(scalar.Value, tag, quoted);
        node.IsFolded = scalar.Style == ScalarStyle.Folded;
        return node;
    }

    private static int Count(RNode node) => 1 + node.Fields.Sum(field => Count(field.Value)) + node.Items.Sum(Count);
}
