using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of environment variables and of what they are read from; the downward API's are those of volumes too.</summary>
internal static class EnvironmentValidation
{
    private static readonly string[] EnvironmentFields =
    [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ];

    private static readonly string[] VolumeFields = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

    private static readonly string[] Resources =
    [
        "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory",
    ];

    private static readonly string[] ByteDivisors = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

    /// <summary><c>env</c>.</summary>
    public static void Variables(FieldErrors errors, JsonElement variables, FieldPath path)
    {
        var index = 0;
        foreach (var variable in variables.Items())
        {
            var at = path.Index(index++);
            var name = variable.At("name").Text("");
            if (name.Length == 0)
                errors.Required(at.Child("name"));
            else
                errors.InvalidEach(at.Child("name"), name, NameRules.EnvironmentName(name));
            if (variable.At("valueFrom") is { ValueKind: JsonValueKind.Object } source)
                ValueFrom(errors, source, variable.At("value").Text("").Length > 0, at.Child("valueFrom"));
        }
    }

    /// <summary><c>envFrom</c>.</summary>
    public static void Sources(FieldErrors errors, JsonElement sources, FieldPath path)
    {
        var index = 0;
        foreach (var source in sources.Items())
        {
            var at = path.Index(index++);
            if (source.At("prefix").Text() is { Length: > 0 } prefix)
                errors.InvalidEach(at.Child("prefix"), prefix, NameRules.EnvironmentName(prefix));
            var found = 0;
            foreach (var kind in (ReadOnlySpan<string>)["configMapRef", "secretRef"])
            {
                if (!source.At(kind).Exists())
                    continue;
                found++;
                var name = source.At(kind, "name").Text("");
                if (name.Length == 0)
                    errors.Required(at.Child(kind, "name"));
                else
                    errors.InvalidEach(at.Child(kind, "name"), name, NameRules.Subdomain(name, true));
            }
            if (found == 0)
                errors.Invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
            else if (found > 1)
                errors.Invalid(path, "", "may not have more than one field specified at a time");
        }
    }

    /// <summary>One file of a downward API volume.</summary>
    public static void DownwardFile(FieldErrors errors, JsonElement file, FieldPath path)
    {
        var name = file.At("path").Text("");
        if (name.Length == 0)
            errors.Required(path.Child("path"));
        VolumeValidation.LocalNonReservedPath(errors, name, path.Child("path"));
        var field = file.At("fieldRef");
        var resource = file.At("resourceFieldRef");
        if (field.Exists())
        {
            FieldReference(errors, field, VolumeFields, path.Child("fieldRef"));
            if (resource.Exists())
                errors.Invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
        }
        else if (resource.Exists())
        {
            ResourceReference(errors, resource, path.Child("resourceFieldRef"), ofVolume: true);
        }
        else
        {
            errors.Required(path, "one of fieldRef and resourceFieldRef is required");
        }
        VolumeValidation.Mode(errors, file.At("mode"), path.Child("mode"));
    }

    private static void ValueFrom(FieldErrors errors, JsonElement source, bool hasValue, FieldPath path)
    {
        var found = 0;
        if (source.At("fieldRef") is var field && field.Exists())
        {
            found++;
            FieldReference(errors, field, EnvironmentFields, path.Child("fieldRef"));
        }
        if (source.At("resourceFieldRef") is var resource && resource.Exists())
        {
            found++;
            ResourceReference(errors, resource, path.Child("resourceFieldRef"), ofVolume: false);
        }
        foreach (var kind in (ReadOnlySpan<string>)["configMapKeyRef", "secretKeyRef"])
        {
            if (source.At(kind) is not { ValueKind: JsonValueKind.Object } reference)
                continue;
            found++;
            var at = path.Child(kind);
            var name = reference.At("name").Text("");
            errors.InvalidEach(at.Child("name"), name, NameRules.DnsSubdomain(name));
            Key(errors, reference.At("key").Text(""), at.Child("key"));
        }
        if (source.At("fileKeyRef") is { ValueKind: JsonValueKind.Object } file)
        {
            found++;
            FileReference(errors, file, path.Child("fileKeyRef"));
        }

        if (found == 0)
            errors.Invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        else if (hasValue)
            errors.Invalid(path, "", "may not be specified when `value` is not empty");
        else if (found > 1)
            errors.Invalid(path, "", "may not have more than one field specified at a time");
    }

    private static void Key(FieldErrors errors, string key, FieldPath path)
    {
        if (key.Length == 0)
            errors.Required(path);
        else
            errors.InvalidEach(path, key, NameRules.ConfigMapKey(key));
    }

    private static void FileReference(FieldErrors errors, JsonElement file, FieldPath path)
    {
        if (file.At("volumeName").Text("").Length == 0)
            errors.Required(path.Child("volumeName"));
        if (file.At("path").Text("") is var name && name.Length == 0)
            errors.Required(path.Child("path"));
        else
            VolumeValidation.LocalNonReservedPath(errors, name, path.Child("path"));
        var key = file.At("key").Text("");
        if (key.Length == 0)
            errors.Required(path.Child("key"));
        else
            errors.InvalidEach(path.Child("key"), key, NameRules.EnvironmentName(key));
    }

    private static void FieldReference(FieldErrors errors, JsonElement reference, string[] known, FieldPath path)
    {
        var version = reference.At("apiVersion").Text("");
        var field = reference.At("fieldPath").Text("");
        if (version.Length == 0)
        {
            errors.Required(path.Child("apiVersion"));
            return;
        }
        if (field.Length == 0)
        {
            errors.Required(path.Child("fieldPath"));
            return;
        }
        if (version != "v1")
        {
            errors.Invalid(path.Child("fieldPath"), field, $"error converting fieldPath: unsupported pod version: {version}");
            return;
        }

        if (field.EndsWith("']", StringComparison.Ordinal) && field.IndexOf("['", StringComparison.Ordinal) is > 0 and var bracket)
        {
            var key = field[(bracket + 2)..^2];
            switch (field[..bracket])
            {
                case "metadata.annotations":
                    errors.InvalidEach(path, key.ToLowerInvariant(), NameRules.QualifiedName(key.ToLowerInvariant()));
                    break;
                case "metadata.labels":
                    errors.InvalidEach(path, key, NameRules.QualifiedName(key));
                    break;
                default:
                    errors.Invalid(path.Child("fieldPath"), field, $"error converting fieldPath: field label does not support subscript: {field}");
                    break;
            }
        }
        else if (field is not ("spec.host" or "spec.restartPolicy" or "spec.schedulerName" or "status.phase")
            && !EnvironmentFields.Contains(field) && !VolumeFields.Contains(field))
        {
            errors.Invalid(path.Child("fieldPath"), field, $"error converting fieldPath: field label not supported: {field}");
        }
        else if (!known.Contains(field))
        {
            errors.NotSupported(path.Child("fieldPath"), field, known);
        }
    }

    private static void ResourceReference(FieldErrors errors, JsonElement reference, FieldPath path, bool ofVolume)
    {
        var resource = reference.At("resource").Text("");
        if (ofVolume && reference.At("containerName").Text("").Length == 0)
            errors.Required(path.Child("containerName"));
        else if (resource.Length == 0)
            errors.Required(path.Child("resource"));
        else if (!Resources.Contains(resource) && !IsHugePages(resource))
            errors.NotSupported(path.Child("resource"), resource, Resources);

        var divisor = reference.At("divisor");
        if (!divisor.Exists() || Amount.Of(divisor) == 0)
            return;
        var text = Amount.Text(divisor);
        const string Bytes = "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the ";
        if (resource is "limits.cpu" or "requests.cpu")
        {
            if (text is not ("1m" or "1"))
                errors.Invalid(path.Child("divisor"), resource, "only divisor's values 1m and 1 are supported with the cpu resource");
        }
        else if (!ByteDivisors.Contains(text))
        {
            if (resource is "limits.memory" or "requests.memory")
                errors.Invalid(path.Child("divisor"), resource, Bytes + "memory resource");
            else if (resource is "limits.ephemeral-storage" or "requests.ephemeral-storage")
                errors.Invalid(path.Child("divisor"), resource, Bytes + "local ephemeral storage resource");
            else if (IsHugePages(resource))
                errors.Invalid(path.Child("divisor"), resource, Bytes + "hugepages resource");
        }
    }

    private static bool IsHugePages(string resource) =>
        resource.StartsWith("limits.hugepages-", StringComparison.Ordinal) || resource.StartsWith("requests.hugepages-", StringComparison.Ordinal);
}
