using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>PersistentVolumes.</summary>
internal sealed class PersistentVolumeStrategy : KindStrategy
{
    // In the order in which Kubernetes asks for them.
    private static readonly string[] Sources =
    [
        "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs", "iscsi", "cinder", "fc",
        "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi",
    ];

    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["name"] = volume => volume.At("metadata", "name").Text(""),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "PersistentVolume");

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        spec.Default("persistentVolumeReclaimPolicy", "Retain");
        spec.Default("volumeMode", "Filesystem");
        (spec["hostPath"] as JsonObject)?.Default("type", "");
        @object.Ensure("status").Default("phase", "Pending");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = JsonBuilding.Object(("phase", "Pending"));

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var (spec, oldSpec) = (@object.At("spec"), old.At("spec"));
        Spec(errors, spec);
        foreach (var source in Sources)
            if (!SemanticEquality.EqualExcept(spec.At(source), oldSpec.At(source), source == "csi" ? ["controllerExpandSecretRef"] : []))
            {
                errors.Forbidden(FieldPath.Of("spec", "persistentvolumesource"), "spec.persistentvolumesource is immutable after creation\n"
                    + SpecDifference.Describe(oldSpec.At(source), spec.At(source)));
                break;
            }
        if (!SemanticEquality.Equal(spec.At("volumeMode"), oldSpec.At("volumeMode")))
            errors.Invalid(FieldPath.Of("volumeMode"), spec.At("volumeMode"), "field is immutable");
        if (oldSpec.At("nodeAffinity").Exists() && !SemanticEquality.Equal(spec.At("nodeAffinity"), oldSpec.At("nodeAffinity")))
            errors.Invalid(FieldPath.Of("nodeAffinity"), spec.At("nodeAffinity"), "field is immutable");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old) => [];

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        if (@object.At("spec", "persistentVolumeReclaimPolicy").Text() == "Recycle")
            yield return "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
        if (@object.At("spec", "capacity", "storage") is var storage && storage.Exists() && !Amount.IsWhole(storage))
            yield return $"spec.capacity[storage]: fractional byte value {GoText.Quote(Amount.Text(storage))} is invalid, must be an integer";
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        var path = FieldPath.Spec;
        if (spec.At("accessModes").Count() == 0)
            errors.Required(path.Child("accessModes"));
        PersistentVolumeClaimValidation.AccessModes(errors, spec.At("accessModes"), path.Child("accessModes"));
        var capacity = spec.At("capacity");
        if (capacity.Count() == 0)
            errors.Required(path.Child("capacity"));
        else if (!capacity.At("storage").Exists() || capacity.Count() > 1)
            errors.NotSupportedRendered(path.Child("capacity"), GoText.RenderMap(capacity), "storage");
        foreach (var amount in capacity.Fields())
        {
            var at = path.Child("capacity").Key(amount.Name);
            if (Amount.Of(amount.Value) < 0)
                errors.Invalid(at, amount.Value, "must be a valid resource quantity");
            if (Amount.Of(amount.Value) <= 0)
                errors.Invalid(at, Amount.Text(amount.Value), "must be greater than zero");
        }
        if (spec.At("persistentVolumeReclaimPolicy").Text("") is { Length: > 0 } policy && policy is not ("Delete" or "Recycle" or "Retain"))
            errors.NotSupported(path.Child("persistentVolumeReclaimPolicy"), policy, "Delete", "Recycle", "Retain");
        if (spec.At("nodeAffinity") is { ValueKind: JsonValueKind.Object } affinity)
        {
            if (affinity.At("required").Exists())
                SchedulingValidation.NodeSelector(errors, affinity.At("required"), path.Child("nodeAffinity", "required"));
            else
                errors.Required(path.Child("nodeAffinity", "required"), "must specify required node constraints");
        }
        Source(errors, spec, path);
        if (spec.At("hostPath", "path").Text() is { } directory && directory.TrimEnd('/').Length == 0 && directory.Length > 0
            && spec.At("persistentVolumeReclaimPolicy").Text() == "Recycle")
            errors.Forbidden(path.Child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'");
        if (spec.At("storageClassName").Text() is { Length: > 0 } storageClass)
            errors.InvalidEach(path.Child("storageClassName"), storageClass, NameRules.DnsSubdomain(storageClass));
        if (spec.At("volumeMode").Text() is { } mode && mode is not ("Block" or "Filesystem"))
            errors.NotSupported(path.Child("volumeMode"), mode, "Block", "Filesystem");
    }

    private static void Source(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        var found = 0;
        foreach (var kind in Sources)
        {
            if (spec.At(kind) is not { ValueKind: JsonValueKind.Object } source)
                continue;
            var at = path.Child(kind);
            if (found++ > 0)
            {
                errors.Forbidden(at, "may not specify more than 1 volume type");
                continue;
            }
            switch (kind)
            {
                case "hostPath":
                    VolumeValidation.HostPath(errors, source, at);
                    break;
                case "nfs":
                    VolumeValidation.Nfs(errors, source, at);
                    break;
                case "local":
                    if (source.At("path").Text("").Length == 0)
                        errors.Required(at.Child("path"));
                    if (!spec.At("nodeAffinity").Exists())
                        errors.Required(path.Child("nodeAffinity"), "Local volume requires node affinity");
                    break;
                case "csi":
                    VolumeValidation.CsiDriverName(errors, source.At("driver").Text(""), at.Child("driver"));
                    if (source.At("volumeHandle").Text("").Length == 0)
                        errors.Required(at.Child("volumeHandle"));
                    break;
                default:
                    break;
            }
        }
        if (found == 0)
            errors.Required(path, "must specify a volume type");
    }
}
