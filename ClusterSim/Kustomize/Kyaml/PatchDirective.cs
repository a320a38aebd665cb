namespace ClusterSim.Kustomize.Kyaml;

/// <summary>What <c>$patch</c> asks for.</summary>
internal enum PatchDirective
{
    Merge,
    Replace,
    Delete,
}

/// <summary>Reads <c>$patch</c> and removes it from the patch (<c>smpdirective.go</c>).</summary>
internal static class PatchDirectives
{
    public const string Field = "$patch";

    /// <exception cref="KustomizeException">The directive is none of merge, replace and delete.</exception>
    public static PatchDirective Take(RNode? patch)
    {
        switch (patch?.Kind)
        {
            case NodeKind.Mapping when patch.Get(Field) is { } found:
                var directive = Parse(found);
                patch.Clear(Field);
                return directive;
            case NodeKind.Sequence when patch.Items.Find(item => item.Get(Field) is not null) is { Fields.Count: 1 } element:
                var all = Parse(element.Get(Field)!);
                patch.Items.RemoveAll(item => item.Get(Field) is { } said && said.Value == element.Get(Field)!.Value);
                return all;
            default:
                return PatchDirective.Merge;
        }
    }

    private static PatchDirective Parse(RNode directive) => directive.Value switch
    {
        "merge" => PatchDirective.Merge,
        "replace" => PatchDirective.Replace,
        "delete" => PatchDirective.Delete,
        _ => throw new KustomizeException($"{Field}: merge, replace or delete is expected, found {directive.Describe()}"),
    };
}
