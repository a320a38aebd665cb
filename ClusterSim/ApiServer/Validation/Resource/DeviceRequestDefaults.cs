using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Resource;

/// <summary>Defaults of device requests (<c>pkg/apis/resource/v1/defaults.go</c>).</summary>
internal static class DeviceRequestDefaults
{
    /// <summary>Fills in the requests of a ResourceClaim.</summary>
    public static void OfClaim(JsonObject claim) => OfSpec(claim["spec"] as JsonObject);

    /// <summary>Fills in the requests of a ResourceClaimTemplate.</summary>
    public static void OfTemplate(JsonObject template) => OfSpec((template["spec"] as JsonObject)?["spec"] as JsonObject);

    private static void OfSpec(JsonObject? spec)
    {
        foreach (var request in ((spec?["devices"] as JsonObject)?["requests"] as JsonArray ?? []).OfType<JsonObject>())
        {
            // SetDefaults_ExactDeviceRequest and SetDefaults_DeviceSubRequest.
            if (request["exactly"] is JsonObject exactly)
                Count(exactly);
            foreach (var sub in (request["firstAvailable"] as JsonArray ?? []).OfType<JsonObject>())
                Count(sub);
        }
    }

    private static void Count(JsonObject request)
    {
        if (string.IsNullOrEmpty(request.Text("allocationMode")))
            request["allocationMode"] = "ExactCount";
        if (request.Text("allocationMode") == "ExactCount" && request.Integer("count") is null or 0)
            request["count"] = 1;
    }
}
