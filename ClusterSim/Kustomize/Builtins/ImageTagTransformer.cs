using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Changes the name, tag or digest of an image, in every list called <c>containers</c> or <c>initContainers</c> and in the fields configured.</summary>
internal sealed class ImageTagTransformer : ITransformer
{
    private readonly FieldReader _image;
    private readonly IReadOnlyList<FieldSpec> _fieldSpecs;
    private readonly GoRegex _pattern;

    public ImageTagTransformer(FieldReader image, IReadOnlyList<FieldSpec> fieldSpecs)
    {
        _image = image.Require("name", "newName", "newTag", "tagSuffix", "digest");
        _fieldSpecs = fieldSpecs;
        _pattern = new GoRegex($"^{image.Text("name")}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        if (_pattern.Complaint is { } complaint)
            throw image.Error("name", $"\"{image.Text("name")}\" is no regular expression: {complaint}");
        _ = (image.Text("newName"), image.Text("newTag"), image.Text("tagSuffix"), image.Text("digest"));
    }

    public void Transform(ResMap resources)
    {
        foreach (var resource in resources.Resources.Where(resource => resource.Kind != "CustomResourceDefinition"))
        {
            Walk(resource.Node);
            new FieldSpecFilter().VisitAll(resource, _fieldSpecs, SetImage);
        }
    }

    private void Walk(RNode node)
    {
        foreach (var (key, value) in node.Fields)
        {
            Walk(value);
            if (key is "containers" or "initContainers")
                foreach (var container in value.Items)
                    if (container.Get("image") is { } image)
                        SetImage(image);
        }
        node.Items.ForEach(Walk);
    }

    private void SetImage(RNode node)
    {
        if (node.IsNull)
            return;
        if (node.Kind != NodeKind.Scalar)
            throw new KustomizeException($"an image is a scalar, found {node.Describe()}");
        if (!_pattern.IsMatch(node.Value))
            return;
        var (name, tag, digest) = Split(node.Value);
        if (_image.Text("newName") is { Length: > 0 } newName)
            name = newName;
        (tag, digest) = (_image.Text("newTag"), _image.Text("digest"), _image.Text("tagSuffix")) switch
        {
            ({ Length: > 0 } newTag, var newDigest, _) => (newTag, newDigest),
            (_, { Length: > 0 } newDigest, _) => ("", newDigest),
            (_, _, { Length: > 0 } suffix) => (tag + suffix, ""),
            _ => (tag, digest),
        };
        node.SetScalar(name + (tag.Length > 0 ? ":" + tag : "") + (digest.Length > 0 ? "@" + digest : ""), ScalarTag.None);
    }

    // A tag's colon comes after the first slash: before it there may be a registry's port.
    private static (string Name, string Tag, string Digest) Split(string image)
    {
        var from = Math.Max(image.IndexOf('/', StringComparison.Ordinal), 0);
        var at = image.IndexOf('@', from);
        var colon = image.IndexOf(':', from);
        if (at < 0 && colon < 0)
            return (image, "", "");
        if (at >= 0 && (colon < 0 || at < colon))
            return (image[..at], "", image[(at + 1)..]);
        return at >= 0 ? (image[..colon], image[(colon + 1)..at], image[(at + 1)..]) : (image[..colon], image[(colon + 1)..], "");
    }
}
