namespace ClusterSim.Kustomize.Resources;

/// <summary>Group, version and kind. As a selector, an empty part accepts anything.</summary>
internal readonly record struct Gvk(string Group, string Version, string Kind)
{
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public static Gvk Parse(string apiVersion, string kind) =>
        apiVersion.Split('/', 2) is [var group, var version] ? new(group, version, kind) : new("", apiVersion, kind);

    /// <summary>Returns whether a selector accepts this kind.</summary>
    public bool IsSelected(Gvk selector) =>
        (selector.Group.Length == 0 || selector.Group == Group)
        && (selector.Version.Length == 0 || selector.Version == Version)
        && (selector.Kind.Length == 0 || selector.Kind == Kind);

    public override string ToString() => string.Join('.', OrElse(Kind, "[noKind]"), OrElse(Version, "[noVer]"), OrElse(Group, "[noGrp]"));

    private static string OrElse(string text, string missing) => text.Length == 0 ? missing : text;
}
