using ClusterSim.Access;
using ClusterSim.Admission.Quota;
using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>The plugins that need a controller to undo what they do: off where that controller does not run.</summary>
internal sealed record AdmissionOptions
{
    /// <summary>All of them.</summary>
    public static AdmissionOptions Default { get; } = new();

    /// <summary>New nodes are tainted not-ready until the node lifecycle controller takes it off.</summary>
    public bool TaintNodesByCondition { get; init; } = true;

    /// <summary>Claims and volumes carry a finalizer until the protection controllers take it off.</summary>
    public bool StorageObjectInUseProtection { get; init; } = true;
}

/// <summary>The plugins that kube-apiserver has on by default.</summary>
internal static class AdmissionPlugins
{
    /// <summary>All of them, in the order kube-apiserver calls them; the registry's escalation check behind the mutating ones.</summary>
    public static IReadOnlyList<IAdmission> All(VersionedStore store, ClusterAccess access, Randomness random, AdmissionOptions? options = null)
    {
        options ??= AdmissionOptions.Default;
        var plugins = new List<IAdmission> { new NamespaceLifecycle(store), new NamespaceDefaultLabelName(), new LimitRanger(store), new ServiceAccount(store, random), new NodeRestriction(), new CertificateRequester() };
        if (options.TaintNodesByCondition)
            plugins.Add(new TaintNodesByCondition());
        plugins.AddRange([new PodSecurity(store), new Priority(store), new DefaultTolerationSeconds(), new DefaultStorageClass(store)]);
        if (options.StorageObjectInUseProtection)
            plugins.Add(new StorageObjectInUseProtection());
        plugins.AddRange(
        [
            new PersistentVolumeClaimResize(store), new RuntimeClass(store), new DefaultIngressClass(store), new EscalationCheck(access.Authorizer, access.Rbac),
            new ResourceQuota(store),
        ]);
        return plugins;
    }
}
