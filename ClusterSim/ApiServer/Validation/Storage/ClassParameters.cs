using System.Text;
using System.Text.Json;

namespace ClusterSim.Validation.Storage;

/// <summary>Who provides the volumes of a class, and the parameters it is given: of StorageClasses and VolumeAttributesClasses.</summary>
internal static class ClassParameters
{
    private const int CountMax = 512;
    private const int BytesMax = 256 * 1024;

    /// <summary>A provisioner's or a driver's name.</summary>
    public static void Provisioner(FieldErrors errors, string name, FieldPath path)
    {
        if (name.Length == 0)
            errors.Required(path);
        else
            errors.InvalidEach(path, name, NameRules.QualifiedName(name.ToLowerInvariant()));
    }

    /// <summary>The parameters: not too many, not too large, none without a name.</summary>
    public static void Validate(FieldErrors errors, JsonElement parameters, FieldPath path, bool mayBeEmpty)
    {
        if (parameters.Count() > CountMax)
        {
            errors.TooLong(path, CountMax);
            return;
        }
        long bytes = 0;
        foreach (var parameter in parameters.Fields())
        {
            if (parameter.Name.Length == 0)
                errors.Invalid(path, "", "field can not be empty.");
            bytes += Encoding.UTF8.GetByteCount(parameter.Name) + Encoding.UTF8.GetByteCount(parameter.Value.Text(""));
        }
        if (bytes > BytesMax)
            errors.TooLong(path, BytesMax);
        if (!mayBeEmpty && parameters.Count() == 0)
            errors.Required(path, "must contain at least one key/value pair");
    }
}
