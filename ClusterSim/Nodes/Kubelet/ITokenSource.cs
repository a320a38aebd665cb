using ClusterSim.Client;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes;

/// <summary>Where a kubelet gets the service-account tokens it puts into volumes.</summary>
internal interface ITokenSource
{
    /// <summary>A token for the pod's service account, bound to the pod.</summary>
    /// <param name="kubelet">The API as the pod's node.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="audience">Whom it is for; empty for the API server.</param>
    /// <param name="expirationSeconds">How long it is to hold.</param>
    string Issue(ApiClient kubelet, Document pod, string audience, long expirationSeconds);
}

/// <summary>Asks the API for tokens (TokenRequest), as a kubelet does.</summary>
internal sealed class TokenRequests : ITokenSource
{
    /// <inheritdoc/>
    public string Issue(ApiClient kubelet, Document pod, string audience, long expirationSeconds)
    {
        var account = pod.Spec.At("serviceAccountName").Text("default");
        var answer = kubelet.CreateSubresource(kubelet.Resource("serviceaccounts"), new ObjectKey(pod.Namespace, account), "token", Object(
            ("apiVersion", "authentication.k8s.io/v1"),
            ("kind", "TokenRequest"),
            ("spec", Object(
                ("audiences", audience.Length == 0 ? null : new System.Text.Json.Nodes.JsonArray(audience)),
                ("expirationSeconds", expirationSeconds),
                ("boundObjectRef", Object(("apiVersion", "v1"), ("kind", "Pod"), ("name", pod.Name), ("uid", pod.Uid)))))));
        var status = answer.Answer?["status"] as System.Text.Json.Nodes.JsonObject;
        return status.Text("token") ?? throw new InvalidOperationException($"the TokenRequest for service account {pod.Namespace}/{account} was answered without status.token");
    }
}
