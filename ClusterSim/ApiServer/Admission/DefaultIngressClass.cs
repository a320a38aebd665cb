using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>Sets the default IngressClass in Ingresses that name none (<c>plugin/pkg/admission/network/defaultingressclass</c>).</summary>
internal sealed class DefaultIngressClass(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource Ingresses = new("networking.k8s.io", "ingresses");
    private static readonly GroupResource IngressClasses = new("networking.k8s.io", "ingressclasses");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Ingresses, Create))
            return;
        var spec = request.Object!.Ensure("spec");
        if (spec.Text("ingressClassName") is not null || request.Object!["metadata"]?["annotations"]?["kubernetes.io/ingress.class"] is not null)
            return;
        if (DefaultClass.Of(store.Current(IngressClasses), "ingressclass.kubernetes.io/is-default-class") is { } chosen)
            spec["ingressClassName"] = chosen.Name;
    }
}
