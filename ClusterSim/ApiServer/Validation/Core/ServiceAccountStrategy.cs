namespace ClusterSim.Validation.Core;

/// <summary>ServiceAccounts.</summary>
internal sealed class ServiceAccountStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "ServiceAccount");
}
