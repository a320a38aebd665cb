using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>What <c>configMapGenerator</c> and <c>secretGenerator</c> have in common.</summary>
internal sealed record GeneratorArgs
{
    public required string Name { get; init; }

    public string Namespace { get; init; } = "";

    public GeneratorBehavior Behavior { get; init; }

    public GeneratorOptions Options { get; init; } = GeneratorOptions.None;

    /// <param name="args">The generator.</param>
    /// <param name="common">The <c>generatorOptions</c> of the kustomization.</param>
    public static GeneratorArgs Read(FieldReader args, GeneratorOptions common)
    {
        // As a configuration of its own, a generator has its name in the metadata.
        var metadata = args.Object("metadata");
        string Own(string field) => args.Text(field) is { Length: > 0 } own ? own : metadata?.Text(field) ?? "";
        var name = Own("name");
        return new GeneratorArgs
        {
            Name = name.Length > 0 ? name : throw args.Error("name", "a name is required"),
            Namespace = Own("namespace"),
            Behavior = args.Text("behavior") switch
            {
                "create" => GeneratorBehavior.Create,
                "merge" => GeneratorBehavior.Merge,
                "replace" => GeneratorBehavior.Replace,
                _ => GeneratorBehavior.Unspecified,
            },
            Options = GeneratorOptions.Read(args.Object("options")).With(common),
        };
    }

    /// <summary>Makes the object without its data.</summary>
    public RNode BaseNode(string kind)
    {
        var node = RNode.Mapping();
        node.Set("apiVersion", RNode.Str("v1"));
        node.Set("kind", RNode.Str(kind));
        var metadata = node.Ensure("metadata");
        metadata.Set("name", RNode.Str(Name));
        if (Namespace.Length > 0)
            metadata.Set("namespace", RNode.Str(Namespace));
        return node;
    }

    /// <summary>Makes the resource, with labels and annotations, from an object with data.</summary>
    public Resource Finish(RNode node, string source, ResourceFactory factory)
    {
        var resource = factory.Create(node, source);
        resource.NeedsHashSuffix = !Options.DisableNameSuffixHash;
        resource.IsGenerated = true;
        resource.Behavior = Behavior;
        if (Options.Labels.Count > 0)
            resource.SetTexts("labels", Options.Labels);
        if (Options.Annotations.Count > 0)
            resource.SetTexts("annotations", Options.Annotations);
        if (Options.Immutable)
            node.Set("immutable", RNode.Scalar("true", ScalarTag.Bool));
        return resource;
    }
}
