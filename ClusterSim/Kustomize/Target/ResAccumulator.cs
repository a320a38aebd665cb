using System.Text.RegularExpressions;
using ClusterSim.Kustomize.Builtins;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Target;

/// <summary>What a kustomization has gathered: resources, field specifications and vars.</summary>
internal sealed partial class ResAccumulator
{
    private readonly SortedDictionary<string, Var> _vars = new(StringComparer.Ordinal);

    public ResMap Resources { get; } = new();

    public TransformerConfig Config { get; private set; } = TransformerConfig.Empty;

    public void MergeConfig(TransformerConfig config) => Config = Config.Merge(config);

    /// <summary>Takes what another kustomization has gathered.</summary>
    public void Merge(ResAccumulator other)
    {
        if (ReferenceEquals(this, other))
            return;
        Resources.AppendAll(other.Resources.Resources);
        MergeConfig(other.Config);
        foreach (var var in other._vars.Values)
            Add(var);
    }

    /// <summary>Adds vars, and tells their objects, so that these are found when they have been renamed.</summary>
    public void MergeVars(IEnumerable<Var> vars)
    {
        foreach (var var in vars)
        {
            var found = Resources.WithAnyId(id => var.Object.Namespace.Length > 0 ? id.Matches(var.Object) : id.MatchesKindAndName(var.Object));
            if (found.Count > 1)
                throw new KustomizeException($"{var.Place}: objref: {found.Count} resources match: {string.Join(", ", found.Select(one => one.CurrentId))}");
            if (found.Count == 1)
                found[0].RefVarNames.Add(var.Name);
            Add(var);
        }
    }

    public void FixBackReferences() => new NameReferenceTransformer(Config.NameReference).Transform(Resources);

    public void ResolveVars()
    {
        if (_vars.Count > 0)
            new RefVarTransformer(_vars.Values.ToDictionary(var => var.Name, Value, StringComparer.Ordinal), Config.VarReference).Transform(Resources);
    }

    private RNode Value(Var var)
    {
        var resource = Resources.Resources.FirstOrDefault(resource => resource.RefVarNames.Contains(var.Name))
            ?? throw new KustomizeException($"{var.Place}: objref: no resource matches {var.Object}");
        var path = PathSplitter.SplitFieldPath(IndexInBrackets().Replace(var.FieldPath, ".$1"));
        return PathGetter.Lookup(resource.Node, path) switch
        {
            null => throw new KustomizeException($"{var.Place}: fieldref: {resource.CurrentId} has no field \"{var.FieldPath}\""),
            { Kind: NodeKind.Scalar } scalar => scalar,
            // Upstream leaves $(NAME) where the value is no scalar.
            _ => RNode.Str($"$({var.Name})"),
        };
    }

    private void Add(Var var)
    {
        if (!_vars.TryAdd(var.Name, var))
            throw new KustomizeException($"{var.Place}: var \"{var.Name}\" comes twice: {_vars[var.Name].Place}");
    }

    [GeneratedRegex(@"\[(\d+)\]")]
    private static partial Regex IndexInBrackets();
}
