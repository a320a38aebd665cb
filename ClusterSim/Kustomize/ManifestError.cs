namespace ClusterSim.Manifests;

/// <summary>An error of one manifest, in the words of the API server.</summary>
/// <param name="Source">The place of the manifest: file, line and document; the file alone where the file cannot be read.</param>
/// <param name="Manifest">The manifest; null where the file cannot be read.</param>
/// <param name="Code">The HTTP status code that the API server answers: 400 for a malformed object, 404 for an unknown kind, 422 for an object that breaks rules.</param>
/// <param name="Reason">The reason that the API server answers: <c>BadRequest</c>, <c>NotFound</c> or <c>Invalid</c>.</param>
/// <param name="Message">The message, with every cause.</param>
/// <param name="Causes">Every unknown field and every field that breaks a rule.</param>
public sealed record ManifestError(string Source, Manifest? Manifest, int Code, string Reason, string Message, IReadOnlyList<StatusCause> Causes)
{
    /// <summary>The place and the message.</summary>
    public override string ToString() => Manifest is null ? Message : $"{Source}: {Message}";
}
