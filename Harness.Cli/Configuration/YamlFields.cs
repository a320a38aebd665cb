using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Harness.Configuration;

/// <summary>The fields of a YAML mapping. A wrong field is added to the errors and read as absent.</summary>
internal sealed class YamlFields
{
    private readonly YamlMappingNode _mapping;
    private readonly string _path;
    private readonly YamlErrors _errors;

    public YamlFields(YamlMappingNode mapping, string path, YamlErrors errors) => (_mapping, _path, _errors) = (mapping, path, errors);

    /// <summary>The names and values, in order.</summary>
    public IEnumerable<(string Name, YamlNode Value)> All => _mapping.Children.Select(child => (child.Key is YamlScalarNode { Value: { } name } ? name : child.Key.ToString(), child.Value));

    /// <summary>Reports every field that is not one of <paramref name="known"/>.</summary>
    public void AllowOnly(params IReadOnlyList<string> known)
    {
        foreach (var (key, _) in _mapping.Children)
            if (key is not YamlScalarNode { Value: { } name } || !known.Contains(name))
                _errors.Add(key.Start, $"{PathOf(key.ToString())}: not known; should be {(known.Count == 1 ? known[0] : $"{string.Join(", ", known.Take(known.Count - 1))} or {known[^1]}")}");
    }

    /// <summary>Reads a text; null where it is absent.</summary>
    public string? Text(string name, string expected) => Find(name) is { } node ? Text(node, PathOf(name), expected) : null;

    /// <summary>Reads a text that has to be there.</summary>
    public string RequiredText(string name, string expected)
    {
        if (Find(name) is { } node)
            return Text(node, PathOf(name), expected) ?? "";
        _errors.Add(_mapping.Start, $"{PathOf(name)}: missing; should be {expected}");
        return "";
    }

    /// <summary>Reads a whole number; null where it is absent.</summary>
    public int? Whole(string name, int min, int max)
    {
        if (Find(name) is not { } node)
            return null;
        if (node is YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Wrong(node, PathOf(name), string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"));
        return null;
    }

    /// <summary>Reads a list of texts; an empty one where it is absent.</summary>
    public IReadOnlyList<string> Texts(string name, string expected, Func<string, bool> isRight)
    {
        if (Find(name) is not { } node)
            return [];
        var texts = new List<string>();
        if (node is YamlSequenceNode list)
            foreach (var item in list)
                if (item is YamlScalarNode { Value: { Length: > 0 } text } && isRight(text))
                    texts.Add(text);
                else
                    Wrong(item, PathOf(name), expected);
        else
            Wrong(node, PathOf(name), expected);
        return texts;
    }

    /// <summary>Reads a mapping; null where it is absent.</summary>
    public YamlFields? Mapping(string name, string expected)
    {
        if (Find(name) is not { } node)
            return null;
        return Mapping(node, PathOf(name), expected);
    }

    /// <summary>Reads a value of this mapping as a mapping.</summary>
    public YamlFields? Mapping(string name, YamlNode node, string expected) => Mapping(node, PathOf(name), expected);

    /// <summary>Reads a value of this mapping as a text.</summary>
    public string? Text(string name, YamlNode node, string expected) => Text(node, PathOf(name), expected);

    /// <summary>Reports that a field has a wrong value.</summary>
    public void Wrong(string name, string expected) => Wrong(Find(name) ?? _mapping, PathOf(name), expected);

    /// <summary>Reports that a field's name is wrong.</summary>
    public void WrongName(string name, string expected) => _errors.Add(_mapping.Children.Keys.First(key => key is YamlScalarNode scalar && scalar.Value == name).Start, $"{_path}: found '{name}', should be {expected}");

    private YamlFields? Mapping(YamlNode node, string path, string expected)
    {
        if (node is YamlMappingNode mapping)
            return new YamlFields(mapping, path, _errors);
        Wrong(node, path, expected);
        return null;
    }

    private string? Text(YamlNode node, string path, string expected)
    {
        if (node is YamlScalarNode { Value: { Length: > 0 } text })
            return text;
        Wrong(node, path, expected);
        return null;
    }

    private void Wrong(YamlNode node, string path, string expected)
    {
        var found = node switch
        {
            YamlScalarNode { Value: { Length: > 0 } text } => $"'{text}'",
            YamlScalarNode => "nothing",
            YamlSequenceNode => "a list",
            _ => "a mapping",
        };
        _errors.Add(node.Start, $"{path}: found {found}, should be {expected}");
    }

    private YamlNode? Find(string name) => _mapping.Children.FirstOrDefault(child => child.Key is YamlScalarNode scalar && scalar.Value == name).Value;

    private string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";
}
