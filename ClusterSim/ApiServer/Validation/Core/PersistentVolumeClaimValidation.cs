using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of what a claim asks for; claims stand by themselves, in ephemeral volumes and in StatefulSets.</summary>
internal static class PersistentVolumeClaimValidation
{
    /// <summary>Checks a claim's spec.</summary>
    public static void Spec(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        var modes = spec.At("accessModes");
        if (modes.Count() == 0)
            errors.Required(path.Child("accessModes"), "at least 1 access mode is required");
        LabelValidation.Selector(errors, spec.At("selector"), path.Child("selector"));
        AccessModes(errors, modes, path.Child("accessModes"));

        var storagePath = path.Child("resources").Key("storage");
        var storage = spec.At("resources", "requests", "storage");
        if (!storage.Exists())
            errors.Required(storagePath);
        else if (Amount.Of(storage) <= 0)
            errors.Invalid(storagePath, Amount.Text(storage), "must be greater than zero");

        if (spec.At("storageClassName").Text() is { Length: > 0 } storageClass)
            errors.InvalidEach(path.Child("storageClassName"), storageClass, NameRules.DnsSubdomain(storageClass));
        if (spec.At("volumeMode").Text() is { } mode && mode is not ("Block" or "Filesystem"))
            errors.NotSupported(path.Child("volumeMode"), mode, "Block", "Filesystem");
        var source = spec.At("dataSource");
        var reference = spec.At("dataSourceRef");
        DataSource(errors, source, path.Child("dataSource"));
        DataSource(errors, reference, path.Child("dataSourceRef"));
        if (reference.At("namespace").Text() is { Length: > 0 } @namespace)
        {
            errors.InvalidEach(path.Child("dataSourceRef", "namespace"), @namespace, NameRules.DnsLabel(@namespace));
            if (source.Exists())
                errors.Invalid(path, $"{path}.dataSource", "may not be specified when dataSourceRef.namespace is specified", rendered: true);
        }
        else if (source.Exists() && reference.Exists() && !SemanticEquality.EqualExcept(source, reference, ["namespace"]))
        {
            errors.Invalid(path, $"{path}.dataSource", "must match dataSourceRef", rendered: true);
        }
        if (spec.At("volumeAttributesClassName").Text() is { Length: > 0 } attributes)
            errors.InvalidEach(path.Child("volumeAttributesClassName"), attributes, NameRules.DnsSubdomain(attributes));
    }

    /// <summary>How a volume may be mounted.</summary>
    public static void AccessModes(FieldErrors errors, JsonElement modes, FieldPath path)
    {
        var (exclusive, shared) = (false, false);
        foreach (var item in modes.Items())
        {
            var mode = item.Text("");
            if (mode is not ("ReadOnlyMany" or "ReadWriteMany" or "ReadWriteOnce" or "ReadWriteOncePod"))
                errors.NotSupported(path, mode, "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");
            else if (mode == "ReadWriteOncePod")
                exclusive = true;
            else
                shared = true;
        }
        if (exclusive && shared)
            errors.Forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }

    private static void DataSource(FieldErrors errors, JsonElement source, FieldPath path)
    {
        if (!source.Exists())
            return;
        if (source.At("name").Text("").Length == 0)
            errors.Required(path.Child("name"));
        var kind = source.At("kind").Text("");
        if (kind.Length == 0)
            errors.Required(path.Child("kind"));
        var group = source.At("apiGroup").Text("");
        if (group.Length == 0 && kind != "PersistentVolumeClaim")
            errors.Invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
        else if (group.Length > 0)
            errors.InvalidEach(path.Child("apiGroup"), group, NameRules.DnsSubdomain(group));
    }
}
