using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of a pod's volumes. The sources of removed and proprietary storage are checked for their count and required fields only.</summary>
internal static class VolumeValidation
{
    private const string OneTypeOnly = "may not specify more than 1 volume type";

    // In the order in which Kubernetes asks for them, with how it misspells two of them, and what each cannot be without.
    private static readonly (string Source, string Called, string[] Required)[] Sources =
    [
        ("emptyDir", "emptyDir", []), ("hostPath", "hostPath", []), ("gitRepo", "gitRepo", ["repository"]),
        ("gcePersistentDisk", "gcePersistentDisk", ["pdName"]), ("awsElasticBlockStore", "awsElasticBlockStore", ["volumeID"]),
        ("secret", "secret", ["secretName"]), ("nfs", "nfs", []), ("iscsi", "iscsi", ["targetPortal", "iqn"]),
        ("glusterfs", "glusterfs", ["endpoints", "path"]), ("flocker", "flocker", []),
        ("persistentVolumeClaim", "persistentVolumeClaim", ["claimName"]), ("rbd", "rbd", ["monitors", "image"]), ("cinder", "cinder", ["volumeID"]),
        ("cephfs", "cephFS", ["monitors"]), ("quobyte", "quobyte", ["registry", "volume"]), ("downwardAPI", "downwarAPI", []), ("fc", "fc", []),
        ("flexVolume", "flexVolume", ["driver"]), ("configMap", "configMap", ["name"]), ("azureFile", "azureFile", ["secretName", "shareName"]),
        ("vsphereVolume", "vsphereVolume", ["volumePath"]), ("photonPersistentDisk", "photonPersistentDisk", ["pdID"]),
        ("portworxVolume", "portworxVolume", ["volumeID"]), ("azureDisk", "azureDisk", ["diskName", "diskURI"]), ("storageos", "storageos", ["volumeName"]),
        ("projected", "projected", []), ("scaleIO", "scaleIO", ["gateway", "system", "volumeName"]), ("csi", "csi", []), ("ephemeral", "ephemeral", []),
        ("image", "image", []),
    ];

    private static readonly IReadOnlyDictionary<string, JsonElement> None = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <summary>Checks the volumes; gives those that are well-formed.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Validate(FieldErrors errors, JsonElement volumes, string? podName, FieldPath path)
    {
        if (volumes.Count() == 0)
            return None;
        var known = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var created = podName is null ? [] : volumes.Items().Where(volume => volume.At("ephemeral").Exists())
            .Select(volume => $"{podName}-{volume.At("name").Text("")}").ToHashSet(StringComparer.Ordinal);
        var index = 0;
        foreach (var volume in volumes.Items())
        {
            var at = path.Index(index++);
            var name = volume.At("name").Text("");
            var before = errors.Count;
            Source(errors, volume, name, podName, at);
            if (name.Length == 0)
                errors.Required(at.Child("name"));
            else
                errors.InvalidEach(at.Child("name"), name, NameRules.DnsLabel(name));
            if (known.ContainsKey(name))
                errors.Duplicate(at.Child("name"), name);
            if (errors.Count == before)
                known[name] = volume;
            if (volume.At("persistentVolumeClaim", "claimName").Text() is { } claim && created.Contains(claim))
                errors.Invalid(at.Child("persistentVolumeClaim", "claimName"), claim, "must not reference a PVC that gets created for an ephemeral volume");
        }
        return known;
    }

    /// <summary>A file's mode.</summary>
    public static void Mode(FieldErrors errors, JsonElement mode, FieldPath path)
    {
        if (mode.Integer() is { } value and (< 0 or > 511))
            errors.Invalid(path, value, "must be a number between 0 and 0777 (octal), both inclusive");
    }

    /// <summary>A relative path that never goes up.</summary>
    public static void LocalDescendingPath(FieldErrors errors, string value, FieldPath path)
    {
        if (value.StartsWith('/'))
            errors.Invalid(path, value, "must be a relative path");
        NoBacksteps(errors, value, path);
    }

    /// <summary>A relative path that never goes up and does not begin with dots.</summary>
    public static void LocalNonReservedPath(FieldErrors errors, string value, FieldPath path)
    {
        LocalDescendingPath(errors, value, path);
        if (value.StartsWith("..", StringComparison.Ordinal) && value != ".." && !value.StartsWith("../", StringComparison.Ordinal))
            errors.Invalid(path, value, "must not start with '..'");
    }

    private static void NoBacksteps(FieldErrors errors, string value, FieldPath path)
    {
        if (value.Contains("..", StringComparison.Ordinal) && value.Split('/').Contains(".."))
            errors.Invalid(path, value, "must not contain '..'");
    }

    private static void Source(FieldErrors errors, JsonElement volume, string name, string? podName, FieldPath path)
    {
        var found = 0;
        foreach (var (kind, called, required) in Candidates(volume))
        {
            if (volume.At(kind) is not { ValueKind: JsonValueKind.Object } source)
                continue;
            if (found++ > 0)
            {
                errors.Forbidden(path.Child(called), OneTypeOnly);
                continue;
            }
            var at = path.Child(kind);
            foreach (var field in required)
                if (source.At(field) is var value && (!value.Exists() || value.Text() == "" || value is { ValueKind: JsonValueKind.Array } && value.Count() == 0))
                    errors.Required(at.Child(field));
            Particular(errors, kind, source, name, podName, path);
        }
        if (found == 0)
            errors.Required(path, "must specify a volume type");
    }

    // Nearly every volume has one source: then there is nothing to look for in order.
    private static ReadOnlySpan<(string Source, string Called, string[] Required)> Candidates(JsonElement volume)
    {
        if (volume.Count() > 2)
            return Sources;
        foreach (var field in volume.Fields())
            for (var i = 0; i < Sources.Length; i++)
                if (field.NameEquals(Sources[i].Source))
                    return Sources.AsSpan(i, 1);
        return [];
    }

    private static void Particular(FieldErrors errors, string kind, JsonElement source, string name, string? podName, FieldPath path)
    {
        var at = path.Child(kind);
        switch (kind)
        {
            case "emptyDir":
                if (source.At("sizeLimit").Exists() && Amount.Of(source.At("sizeLimit")) < 0)
                    errors.Forbidden(at.Child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
                break;
            case "hostPath":
                HostPath(errors, source, at);
                break;
            case "gitRepo":
                LocalDescendingPath(errors, source.At("directory").Text(""), at.Child("directory"));
                break;
            case "secret" or "configMap":
                Mode(errors, source.At("defaultMode"), at.Child("defaultMode"));
                KeysToPaths(errors, source.At("items"), at.Child("items"));
                break;
            case "nfs":
                Nfs(errors, source, at);
                break;
            case "downwardAPI":
                Mode(errors, source.At("defaultMode"), at.Child("defaultMode"));
                foreach (var file in source.At("items").Items())
                    EnvironmentValidation.DownwardFile(errors, file, at);
                break;
            case "projected":
                Mode(errors, source.At("defaultMode"), at.Child("defaultMode"));
                ProjectionValidation.Validate(errors, source, at);
                break;
            case "csi":
                CsiDriverName(errors, source.At("driver").Text(""), at.Child("driver"));
                if (source.At("nodePublishSecretRef").Exists() && source.At("nodePublishSecretRef", "name").Text("").Length == 0)
                    errors.Required(at.Child("nodePublishSecretRef ", "name"));
                break;
            case "ephemeral":
                Ephemeral(errors, source, name, podName, path);
                break;
            case "image":
                if (source.At("reference").Text("").Length == 0)
                    errors.Required(at.Child("reference"));
                PodSpecValidation.OneOf(errors, source.At("pullPolicy").Text(""), at.Child("pullPolicy"), "Always", "IfNotPresent", "Never");
                break;
            default:
                break;
        }
    }

    /// <summary>A directory or file of the node.</summary>
    public static void HostPath(FieldErrors errors, JsonElement source, FieldPath path)
    {
        var value = source.At("path").Text("");
        if (value.Length == 0)
        {
            errors.Required(path.Child("path"));
            return;
        }
        NoBacksteps(errors, value, path.Child("path"));
        if (source.At("type").Text("") is var type
            && type is not ("" or "DirectoryOrCreate" or "Directory" or "FileOrCreate" or "File" or "Socket" or "CharDevice" or "BlockDevice"))
            errors.NotSupported(
                path.Child("type"), type, "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket");
    }

    /// <summary>A share of a file server.</summary>
    public static void Nfs(FieldErrors errors, JsonElement source, FieldPath path)
    {
        if (source.At("server").Text("").Length == 0)
            errors.Required(path.Child("server"));
        if (source.At("path").Text("") is var value && value.Length == 0)
            errors.Required(path.Child("path"));
        else if (!value.StartsWith('/'))
            errors.Invalid(path.Child("path"), value, "must be an absolute path");
    }

    /// <summary>The name of a storage driver.</summary>
    public static void CsiDriverName(FieldErrors errors, string name, FieldPath path)
    {
        if (name.Length == 0)
            errors.Required(path);
        if (name.Length > 63)
            errors.TooLong(path, 63);
        var lower = name.ToLowerInvariant();
        errors.InvalidEach(path, name, NameRules.DnsSubdomain(lower));
    }

    /// <summary>Which keys become which files.</summary>
    public static void KeysToPaths(FieldErrors errors, JsonElement items, FieldPath path)
    {
        var index = 0;
        foreach (var item in items.Items())
            KeyToPath(errors, item, path.Index(index++));
    }

    /// <summary>Which key becomes which file.</summary>
    public static void KeyToPath(FieldErrors errors, JsonElement item, FieldPath path)
    {
        if (item.At("key").Text("").Length == 0)
            errors.Required(path.Child("key"));
        var value = item.At("path").Text("");
        if (value.Length == 0)
            errors.Required(path.Child("path"));
        LocalNonReservedPath(errors, value, path.Child("path"));
        Mode(errors, item.At("mode"), path.Child("mode"));
    }

    private static void Ephemeral(FieldErrors errors, JsonElement source, string name, string? podName, FieldPath path)
    {
        var template = source.At("volumeClaimTemplate");
        var at = path.Child("ephemeral", "volumeClaimTemplate");
        if (!template.Exists())
        {
            errors.Required(at);
        }
        else
        {
            LabelValidation.Annotations(errors, template.At("metadata", "annotations"), at.Child("metadata", "annotations"));
            LabelValidation.Labels(errors, template.At("metadata", "labels"), at.Child("metadata", "labels"));
            PersistentVolumeClaimValidation.Spec(errors, template.At("spec"), at.Child("spec"));
        }
        if (podName is { Length: > 0 } && name.Length > 0)
            foreach (var message in NameRules.DnsSubdomain($"{podName}-{name}"))
                errors.Invalid(path.Child("name"), name, $"PVC name {GoText.Quote($"{podName}-{name}")}: {message}");
    }
}
