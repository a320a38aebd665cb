using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access.Tokens;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Admission;

/// <summary>
/// Gives pods their service account and, unless pod or account decline, its token: a projected volume with a token that is renewed, the
/// cluster's authority and the namespace (<c>plugin/pkg/admission/serviceaccount</c>).
/// </summary>
internal sealed class ServiceAccount(VersionedStore store, Randomness random) : AdmissionPlugin
{
    private const string DefaultAccount = "default";
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string VolumePrefix = "kube-api-access-";
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";
    private static readonly GroupResource ServiceAccounts = new("", "serviceaccounts");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Pods, Create))
            return;
        var spec = request.Object!.Ensure("spec");
        if (request.Object!["metadata"]?["annotations"] is JsonObject annotations && annotations.ContainsKey(MirrorAnnotation))
        {
            if (spec.Text("serviceAccountName") is { Length: > 0 })
                throw Forbidden(request, "a mirror pod may not reference service accounts");
            return;
        }
        if (spec.Text("serviceAccountName") is null or "")
            spec["serviceAccountName"] = DefaultAccount;
        var name = spec.Text("serviceAccountName")!;
        spec["serviceAccount"] = name;
        var account = store.Find(ServiceAccounts, new(request.Target.Namespace, name))
            ?? throw Forbidden(request, $"error looking up service account {request.Target.Namespace}/{name}: serviceaccount \"{name}\" not found");
        var automount = spec["automountServiceAccountToken"]?.GetValue<bool>() ?? account.Root.At("automountServiceAccountToken").Flag(true);
        if (automount)
            Mount(spec);
        if (spec["imagePullSecrets"] is not JsonArray { Count: > 0 } && account.Root.At("imagePullSecrets") is { ValueKind: JsonValueKind.Array } secrets && secrets.Count() > 0)
            spec["imagePullSecrets"] = secrets.ToNode();
    }

    private void Mount(JsonObject spec)
    {
        var volumes = spec["volumes"] as JsonArray;
        var present = volumes?.OfType<JsonObject>().Select(volume => volume.Text("name") ?? "").FirstOrDefault(name => name.StartsWith(VolumePrefix, StringComparison.Ordinal));
        var volume = present ?? VolumePrefix + random.NextSuffix();
        var needed = false;
        foreach (var container in spec.VisitContainers(ContainerType.WorkloadContainers))
        {
            var mounts = container["volumeMounts"] as JsonArray;
            if (mounts is not null && mounts.OfType<JsonObject>().Any(mount => mount.Text("mountPath") == MountPath))
                continue;
            if (mounts is null)
                container["volumeMounts"] = mounts = [];
            mounts.Add(Object(("name", volume), ("readOnly", true), ("mountPath", MountPath)));
            needed = true;
        }
        if (present is not null || !needed)
            return;
        if (volumes is null)
            spec["volumes"] = volumes = [];
        volumes.Add(Object(("name", volume), ("projected", Object(
            ("sources", new JsonArray(
                Object(("serviceAccountToken", Object(("expirationSeconds", ServiceAccountTokens.WarnOnlyExpirationSeconds), ("path", "token")))),
                Object(("configMap", Object(("name", "kube-root-ca.crt"), ("items", new JsonArray(Object(("key", "ca.crt"), ("path", "ca.crt"))))))),
                Object(("downwardAPI", Object(("items", new JsonArray(Object(
                    ("path", "namespace"), ("fieldRef", Object(("apiVersion", "v1"), ("fieldPath", "metadata.namespace"))))))))))),
            ("defaultMode", 420)))));
    }
}
