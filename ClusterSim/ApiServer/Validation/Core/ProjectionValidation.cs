using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of projected volumes.</summary>
internal static class ProjectionValidation
{
    private static readonly string[] Kinds = ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];

    /// <summary>Each source is one kind, and no two make the same file.</summary>
    public static void Validate(FieldErrors errors, JsonElement projected, FieldPath path)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var source in projected.At("sources").Items())
        {
            var at = path.Child("sources").Index(index++);
            var found = 0;
            foreach (var kind in Kinds)
            {
                if (source.At(kind) is not { ValueKind: JsonValueKind.Object } projection)
                    continue;
                found++;
                Projection(errors, kind, projection, files, at.Child(kind), path);
            }
            if (found == 0)
                errors.Required(at, "must specify one of the volume types");
            else if (found > 1)
                errors.Forbidden(at, "may not specify more than 1 volume type per source");
        }
    }

    private static void Projection(FieldErrors errors, string kind, JsonElement projection, HashSet<string> files, FieldPath at, FieldPath volume)
    {
        switch (kind)
        {
            case "secret" or "configMap":
                var name = projection.At("name").Text("");
                if (name.Length == 0)
                    errors.Required(at.Child("name"));
                var index = 0;
                foreach (var item in projection.At("items").Items())
                {
                    VolumeValidation.KeyToPath(errors, item, at.Child("items").Index(index++));
                    Unique(errors, item.At("path").Text(""), name, files, volume);
                }
                break;
            case "downwardAPI":
                foreach (var file in projection.At("items").Items())
                {
                    EnvironmentValidation.DownwardFile(errors, file, at);
                    Unique(errors, file.At("path").Text(""), file.At("path").Text(""), files, volume);
                }
                break;
            case "serviceAccountToken":
                var seconds = projection.At("expirationSeconds").Integer() ?? 0;
                if (seconds < 600)
                    errors.Invalid(at.Child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
                if (seconds > 1L << 32)
                    errors.Invalid(at.Child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
                if (projection.At("path").Text("") is var path && path.Length == 0)
                    errors.Required(volume.Child("path"));
                else
                    VolumeValidation.LocalNonReservedPath(errors, path, volume.Child("path"));
                break;
            case "clusterTrustBundle":
                TrustBundle(errors, projection, at);
                Unique(errors, projection.At("path").Text(""), projection.At("path").Text(""), files, volume);
                break;
            default:
                break;
        }
    }

    private static void TrustBundle(FieldErrors errors, JsonElement bundle, FieldPath path)
    {
        var byName = bundle.At("name").Exists();
        var bySigner = bundle.At("signerName").Exists();
        if (byName && bySigner)
            errors.Invalid(path, bundle, "only one of name and signerName may be used");
        else if (byName && bundle.At("name").Text("").Length == 0)
            errors.Required(path.Child("name"), "must be a valid object name");
        else if (byName && bundle.At("labelSelector").Exists())
            errors.Invalid(path.Child("labelSelector"), bundle.At("labelSelector"), "labelSelector must be unset if name is specified");
        else if (bySigner && bundle.At("signerName").Text("").Length == 0)
            errors.Required(path.Child("signerName"), "must be a valid signer name");
        else if (bySigner)
            LabelValidation.Selector(errors, bundle.At("labelSelector"), path.Child("labelSelector"));
        else if (!byName)
            errors.Required(path, "either name or signerName must be specified");
        var file = bundle.At("path").Text("");
        if (file.Length == 0)
            errors.Required(path.Child("path"));
        VolumeValidation.LocalNonReservedPath(errors, file, path.Child("path"));
    }

    private static void Unique(FieldErrors errors, string file, string shown, HashSet<string> files, FieldPath volume)
    {
        if (file.Length > 0 && !files.Add(file))
            errors.Invalid(volume, shown, "conflicting duplicate paths");
    }
}
