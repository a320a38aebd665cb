using System.Globalization;

namespace ClusterSim.Admission.PodSecurityStandards;

/// <summary>How strict: <c>privileged</c>, <c>baseline</c>, <c>restricted</c>.</summary>
internal enum PodSecurityLevel
{
    /// <summary>Anything goes.</summary>
    Privileged,

    /// <summary>No known ways out of the container.</summary>
    Baseline,

    /// <summary>Hardened.</summary>
    Restricted,
}

/// <summary>A level in a version of the Pod Security Standards.</summary>
/// <param name="Level">How strict.</param>
/// <param name="Minor">Minor version of Kubernetes 1; null for the latest.</param>
internal readonly record struct LevelVersion(PodSecurityLevel Level, int? Minor)
{
    /// <summary>Reads a level; null where it is none.</summary>
    public static PodSecurityLevel? ReadLevel(string text) => text switch
    {
        "privileged" => PodSecurityLevel.Privileged,
        "baseline" => PodSecurityLevel.Baseline,
        "restricted" => PodSecurityLevel.Restricted,
        _ => null,
    };

    /// <summary>Reads <c>latest</c> or <c>v1.N</c>.</summary>
    public static bool TryReadVersion(string text, out int? minor)
    {
        minor = null;
        if (text == "latest")
            return true;
        if (!text.StartsWith("v1.", StringComparison.Ordinal) || (text.Length > 4 && text[3] == '0')
            || !int.TryParse(text.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var read))
            return false;
        minor = read;
        return true;
    }

    /// <summary>As it is told: <c>restricted:latest</c>.</summary>
    public override string ToString() => $"{Level.ToString().ToLowerInvariant()}:{(Minor is { } minor ? $"v1.{minor}" : "latest")}";
}

/// <summary>What a namespace's labels ask for.</summary>
/// <param name="Enforce">Refused is what breaks this.</param>
/// <param name="Warn">Warned of is what breaks this.</param>
/// <param name="Errors">What is wrong with the labels.</param>
internal sealed record PodSecurityPolicy(LevelVersion Enforce, LevelVersion Warn, IReadOnlyList<string> Errors)
{
    private const string Prefix = "pod-security.kubernetes.io/";

    /// <summary>Reads a namespace's labels. A level that cannot be read is taken as restricted for enforcing, as privileged for the others.</summary>
    public static PodSecurityPolicy Of(IReadOnlyDictionary<string, string> labels)
    {
        var errors = new List<string>();
        var enforce = Read("enforce", PodSecurityLevel.Restricted);
        // Audit annotations go into an audit log, of which there is none here; its labels are checked all the same.
        Read("audit", PodSecurityLevel.Privileged);
        // A namespace that enforces and says nothing of warnings is warned by nothing more.
        var warn = Read("warn", PodSecurityLevel.Privileged);
        return new PodSecurityPolicy(enforce, warn, errors);

        LevelVersion Read(string mode, PodSecurityLevel unreadable)
        {
            var level = PodSecurityLevel.Privileged;
            int? minor = null;
            if (labels.TryGetValue(Prefix + mode, out var said))
            {
                if (LevelVersion.ReadLevel(said) is { } read)
                {
                    level = read;
                }
                else
                {
                    level = unreadable;
                    errors.Add($"metadata.labels[{Prefix}{mode}]: Invalid value: \"{said}\": must be one of privileged, baseline, restricted");
                }
            }
            if (labels.TryGetValue($"{Prefix}{mode}-version", out var version) && !LevelVersion.TryReadVersion(version, out minor))
                errors.Add($"metadata.labels[{Prefix}{mode}-version]: Invalid value: \"{version}\": must be \"latest\" or \"v1.x\"");
            return new LevelVersion(level, minor);
        }
    }
}
