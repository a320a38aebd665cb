namespace ClusterSim.Access.Rbac;

/// <summary>Allowed is what one of several authorizers allows; asked in order.</summary>
internal sealed class UnionAuthorizer(params IReadOnlyList<IAuthorizer> authorizers) : IAuthorizer
{
    /// <inheritdoc/>
    public bool IsAllowed(in AccessAttributes attributes, out string reason)
    {
        List<string>? reasons = null;
        for (var i = 0; i < authorizers.Count; i++)
        {
            if (authorizers[i].IsAllowed(attributes, out reason))
                return true;
            if (reason.Length > 0)
                (reasons ??= []).Add(reason);
        }
        reason = reasons is null ? "" : string.Join("\n", reasons);
        return false;
    }
}
