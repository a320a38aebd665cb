using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of what a container mounts.</summary>
internal static class MountValidation
{
    /// <summary><c>volumeMounts</c>. Kubernetes names the list, not the item, where a sub-path or a propagation is wrong.</summary>
    public static void Mounts(FieldErrors errors, JsonElement container, PodContext context, FieldPath path)
    {
        var mounts = container.At("volumeMounts");
        if (mounts.Count() == 0)
            return;
        var devices = container.At("volumeDevices");
        var points = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var mount in mounts.Items())
        {
            var at = path.Index(index++);
            var name = mount.At("name").Text("");
            var mountPath = mount.At("mountPath").Text("");
            var subPath = mount.At("subPath").Text("");
            var expression = mount.At("subPathExpr").Text("");
            if (name.Length == 0)
                errors.Required(at.Child("name"));
            var isKnown = context.Volumes.TryGetValue(name, out var volume);
            if (!isKnown && !context.Options.OtherVolumes.Contains(name))
                errors.NotFound(at.Child("name"), name);
            if (mountPath.Length == 0)
                errors.Required(at.Child("mountPath"));
            if (!points.Add(mountPath))
                errors.Invalid(at.Child("mountPath"), mountPath, "must be unique");
            foreach (var device in devices.Items())
            {
                if (device.At("name").Text("") == name)
                    errors.Invalid(at.Child("name"), name, "must not already exist in volumeDevices");
                if (device.At("devicePath").Text("") == mountPath)
                    errors.Invalid(at.Child("mountPath"), mountPath, "must not already exist as a path in volumeDevices");
            }
            if (subPath.Length > 0)
                VolumeValidation.LocalDescendingPath(errors, subPath, path.Child("subPath"));
            if (expression.Length > 0)
            {
                if (subPath.Length > 0)
                    errors.Invalid(at.Child("subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive");
                VolumeValidation.LocalDescendingPath(errors, expression, path.Child("subPathExpr"));
            }
            Propagation(errors, mount, container, path.Child("mountPropagation"));
            RecursiveReadOnly(errors, mount, path.Child("recursiveReadOnly"));
        }
    }

    /// <summary><c>volumeDevices</c>.</summary>
    public static void Devices(FieldErrors errors, JsonElement container, PodContext context, FieldPath path)
    {
        var devices = container.At("volumeDevices");
        if (devices.Count() == 0)
            return;
        var mounts = container.At("volumeMounts");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var paths = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var device in devices.Items())
        {
            var at = path.Index(index++);
            var name = device.At("name").Text("");
            var devicePath = device.At("devicePath").Text("");
            if (name.Length == 0)
                errors.Required(at.Child("name"));
            if (names.Contains(name))
                errors.Invalid(at.Child("name"), name, "must be unique");
            var isKnown = context.Volumes.TryGetValue(name, out var volume);
            if (isKnown && !volume.At("persistentVolumeClaim").Exists() && !volume.At("ephemeral").Exists())
                errors.Invalid(at.Child("name"), name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
            if (!isKnown && !context.Options.OtherVolumes.Contains(name))
                errors.NotFound(at.Child("name"), name);
            if (devicePath.Length == 0)
                errors.Required(at.Child("devicePath"));
            if (paths.Contains(devicePath))
                errors.Invalid(at.Child("devicePath"), devicePath, "must be unique");
            if (devicePath.Split('/').Contains(".."))
                errors.Invalid(at.Child("devicePath"), devicePath, "can not contain backsteps ('..')");
            else
                paths.Add(devicePath);
            if (mounts.Items().Any(mount => mount.At("name").Text("") == name))
                errors.Invalid(at.Child("name"), name, "must not already exist in volumeMounts");
            if (mounts.Items().Any(mount => mount.At("mountPath").Text("") == devicePath))
                errors.Invalid(at.Child("devicePath"), devicePath, "must not already exist as a path in volumeMounts");
            if (name.Length > 0)
                names.Add(name);
        }
    }

    private static void Propagation(FieldErrors errors, JsonElement mount, JsonElement container, FieldPath path)
    {
        if (mount.At("mountPropagation").Text() is not { } propagation)
            return;
        if (propagation is not ("Bidirectional" or "HostToContainer" or "None"))
            errors.NotSupported(path, propagation, "Bidirectional", "HostToContainer", "None");
        if (propagation == "Bidirectional" && !container.At("securityContext", "privileged").Flag(false))
            errors.Forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
    }

    private static void RecursiveReadOnly(FieldErrors errors, JsonElement mount, FieldPath path)
    {
        switch (mount.At("recursiveReadOnly").Text())
        {
            case null or "Disabled":
                break;
            case "Enabled" or "IfPossible":
                if (!mount.At("readOnly").Flag(false))
                    errors.Forbidden(path, "may only be specified when readOnly is true");
                if (mount.At("mountPropagation").Text() is not (null or "None"))
                    errors.Forbidden(path, "may only be specified when mountPropagation is None or not specified");
                break;
            case var other:
                errors.NotSupported(path, other, "Disabled", "Enabled", "IfPossible");
                break;
        }
    }
}
