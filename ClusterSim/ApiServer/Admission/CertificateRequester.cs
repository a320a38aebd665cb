using System.Text.Json.Nodes;

namespace ClusterSim.Admission;

/// <summary>Writes into a new CertificateSigningRequest who asks, whatever it says itself, as its registry does on a real server.</summary>
internal sealed class CertificateRequester : AdmissionPlugin
{
    private static readonly GroupResource SigningRequests = new("certificates.k8s.io", "certificatesigningrequests");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, SigningRequests, Create) || request.Object is null)
            return;
        var user = request.Target.User;
        var spec = request.Object.Ensure("spec");
        spec["username"] = user.Name;
        spec["groups"] = new JsonArray([.. user.Groups.Select(group => (JsonNode)group)]);
        spec.Remove("uid");
        if (user.Uid.Length > 0)
            spec["uid"] = user.Uid;
        spec.Remove("extra");
        if (user.Extra.Count > 0)
            spec["extra"] = new JsonObject(user.Extra.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)new JsonArray([.. entry.Value.Select(value => (JsonNode)value)]))));
    }
}
