using System.Text;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Replaces <c>$(NAME)</c> by the values of <c>vars</c>, in the fields of <c>varReference</c> (<c>filters/refvar</c>).</summary>
internal sealed class RefVarTransformer(IReadOnlyDictionary<string, RNode> values, IReadOnlyList<FieldSpec> fieldSpecs) : ITransformer
{
    public void Transform(ResMap resources)
    {
        foreach (var resource in resources.Resources)
            new FieldSpecFilter().VisitAll(resource, fieldSpecs, Replace);
    }

    private void Replace(RNode node)
    {
        switch (node.Kind)
        {
            case NodeKind.Scalar:
                ReplaceScalar(node);
                break;
            case NodeKind.Mapping:
                foreach (var (_, value) in node.Fields)
                    if (value.Kind == NodeKind.Scalar)
                        ReplaceScalar(value);
                break;
            default:
                foreach (var item in node.Items)
                {
                    if (!item.IsString)
                        throw new KustomizeException($"a string is expected in the list, found {item.Describe()}");
                    ReplaceScalar(item);
                }
                break;
        }
    }

    private void ReplaceScalar(RNode node)
    {
        if (!node.IsString)
            return;
        // A reference alone takes the type of the value too.
        if (node.Value.StartsWith("$(", StringComparison.Ordinal) && node.Value.IndexOf(')', StringComparison.Ordinal) == node.Value.Length - 1
            && values.TryGetValue(node.Value[2..^1], out var whole))
        {
            node.Value = whole.Value;
            node.Tag = whole.Tag is ScalarTag.Int or ScalarTag.Float or ScalarTag.Bool ? whole.Tag : ScalarTag.Str;
            node.IsQuoted = false;
            return;
        }
        node.Value = Expand(node.Value);
        node.Tag = ScalarTag.Str;
    }

    // Kubernetes' rules for $(NAME): $$ is a dollar, what is not known stays as it is.
    private string Expand(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }
            var close = text[i + 1] == '(' ? text.IndexOf(')', i + 2) : -1;
            if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (close >= 0)
            {
                var name = text[(i + 2)..close];
                result.Append(values.TryGetValue(name, out var value) ? value.Value : $"$({name})");
                i = close;
            }
            else
            {
                result.Append('$').Append(text[i + 1]);
                i++;
            }
        }
        return result.ToString();
    }
}
