using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Certificates;

/// <summary>
/// Signs approved requests for client certificates with the cluster's authority (<c>pkg/controller/certificates/signer</c>), for the signers
/// <c>kubernetes.io/kube-apiserver-client</c> and <c>…-client-kubelet</c>. Nobody approves but people: the controllers that approve kubelets'
/// requests have no work, as simulated nodes ask for none.
/// </summary>
internal sealed class CertificateSigningController : Controller
{
    private readonly ResourceType _requests;
    private readonly Func<string, TimeSpan?, string> _sign;

    /// <summary>A controller of signing requests.</summary>
    /// <param name="context">What controllers share.</param>
    /// <param name="sign">Signs a request in PEM for a time; null: the authority's usual one.</param>
    public CertificateSigningController(ControllerContext context, Func<string, TimeSpan?, string> sign)
        : base(context)
    {
        _sign = sign;
        _requests = Client.Resource("certificatesigningrequests", "certificates.k8s.io");
        ForEach(_requests);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_requests).Find(key) is not { } request || request.Status.At("certificate").Text("").Length > 0)
            return null;
        var signer = request.Spec.At("signerName").Text("");
        var types = request.Status.At("conditions").Items().Select(condition => condition.At("type").Text("")).ToList();
        if (!types.Contains("Approved") || types.Contains("Failed") || signer is not ("kubernetes.io/kube-apiserver-client" or "kubernetes.io/kube-apiserver-client-kubelet"))
            return null;
        var @object = request.ToObject();
        var status = @object.Ensure("status");
        try
        {
            var lifetime = request.Spec.At("expirationSeconds").Integer() is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            var pem = _sign(Encoding.ASCII.GetString(Convert.FromBase64String(request.Spec.At("request").Text(""))), lifetime);
            status["certificate"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));
        }
        catch (System.Security.Cryptography.CryptographicException broken)
        {
            var now = Now.Stamp();
            ((JsonArray)status["conditions"]!).Add((JsonNode)Object(
                ("type", "Failed"), ("status", "True"), ("reason", "SignerValidationFailure"), ("message", broken.Message), ("lastUpdateTime", now), ("lastTransitionTime", now)));
        }
        Client.Update(_requests, @object, "status");
        return null;
    }
}
