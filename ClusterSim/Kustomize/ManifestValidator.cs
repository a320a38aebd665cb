using System.Text.Json;
using ClusterSim.Access;
using ClusterSim.CustomResources;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Manifests;

/// <summary>
/// Validates manifests without a cluster, by the rules by which the API server of a cluster validates a create request: types, unknown fields,
/// names and the rules of each kind. Objects of custom kinds are validated where their CustomResourceDefinition is among the manifests. What depends
/// on other objects of a cluster, such as quotas and Pod Security, is not checked.
/// </summary>
/// <example>
/// <code>
/// foreach (var error in new ManifestValidator().Validate("k8s/base"))
///     Console.Error.WriteLine(error);
/// </code>
/// </example>
public sealed class ManifestValidator
{
    private readonly TypeSchema _schema = TypeSchema.Load();
    private readonly KindStrategies _strategies = new();

    /// <summary>Validates a file, the files of a folder, or the kustomization of a folder. Files that cannot be read are errors too.</summary>
    /// <returns>Every error; none where a cluster would accept all objects.</returns>
    public IReadOnlyList<ManifestError> Validate(string path)
    {
        var errors = new List<ManifestError>();
        var manifests = new List<Manifest>();
        if (Kustomization.IsIn(path))
            Read(path, Kustomization.Build);
        else if (Read(path, one => ManifestFiles.Find(one)) is { } files)
            foreach (var file in files)
                Read(file, ManifestFiles.ReadFile);
        errors.AddRange(Validate(manifests));
        return errors;

        IReadOnlyList<T>? Read<T>(string source, Func<string, IReadOnlyList<T>> read)
        {
            try
            {
                var result = read(source);
                if (result is IReadOnlyList<Manifest> found)
                    manifests.AddRange(found);
                return result;
            }
            catch (Exception ex) when (ex is ManifestException or IOException or UnauthorizedAccessException)
            {
                errors.Add(new ManifestError(source, null, 400, "BadRequest", ex.Message, []));
                return null;
            }
        }
    }

    /// <summary>Validates manifests.</summary>
    /// <returns>Every error, in the order of the manifests; none where a cluster would accept all objects.</returns>
    public IReadOnlyList<ManifestError> Validate(IEnumerable<Manifest> manifests)
    {
        var all = manifests.ToList();
        var catalog = new ResourceCatalog();
        var custom = new List<ResourceType>();
        try
        {
            foreach (var definition in all.Where(manifest => manifest is { Kind: "CustomResourceDefinition", ApiVersion: "apiextensions.k8s.io/v1" }))
                custom.AddRange(Serve(definition, catalog));
            var server = new ApiServer(
                new VersionedStore(), catalog, _strategies.For, new AllAllowed(), new FieldManager(_schema, catalog), new Selectors(), TimeProvider.System, new Randomness(0));
            var decoder = new RequestDecoder(_schema, catalog);
            return [.. all.SelectMany(manifest => Validate(manifest, server, decoder))];
        }
        finally
        {
            foreach (var type in custom)
                type.CustomVersion()?.Dispose();
        }
    }

    private static IEnumerable<ManifestError> Validate(Manifest manifest, ApiServer server, RequestDecoder decoder)
    {
        var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
        var kind = new GroupVersionKind(group, version, manifest.Kind);
        if (server.Catalog.Find(kind) is not { } resource)
        {
            yield return new(manifest.Source, manifest, 404, "NotFound", $"no matches for kind \"{manifest.Kind}\" in version \"{manifest.ApiVersion}\"", []);
            yield break;
        }
        if (Refusal(() => decoder.Decode(manifest.Object.ToUtf8(), MediaKind.Json, kind, FieldValidation.Strict)) is { } malformed)
            yield return Error(malformed, manifest, [.. UnknownFields()]);
        if (Refusal(Create) is { Code: not 400 } invalid)
            yield return Error(invalid, manifest, invalid.Causes);

        // Unknown fields aside: an object has errors of both sorts at once.
        void Create()
        {
            var read = decoder.Decode(manifest.Object.ToUtf8(), MediaKind.Json, kind, FieldValidation.Warn).Object;
            var stored = server.Catalog.Stored(resource.GroupResource) ?? resource;
            var @namespace = !stored.Namespaced ? null : manifest.Namespace.Length == 0 ? "default" : manifest.Namespace;
            server.Create(new RequestTarget(UserInfo.ApiServer, stored, @namespace, null), VersionConversion.Convert(read, resource, stored), new WriteOptions { DryRun = true });
        }

        IEnumerable<StatusCause> UnknownFields()
        {
            IReadOnlyList<string> found = [];
            _ = Refusal(() => found = decoder.Decode(manifest.Object.ToUtf8(), MediaKind.Json, kind, FieldValidation.Warn).Warnings);
            return found.Select(warning => new StatusCause("FieldValueForbidden", warning, warning.Split('"') is [_, var field, _] ? field : null));
        }
    }

    /// <summary>Serves the kinds of a CustomResourceDefinition that has no errors of its own; others are reported as unknown kinds.</summary>
    private IReadOnlyList<ResourceType> Serve(Manifest manifest, ResourceCatalog catalog)
    {
        var kind = new GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        var strategy = _strategies.For(kind);
        try
        {
            var definition = new RequestDecoder(_schema).Decode(manifest.Object.ToUtf8(), MediaKind.Json, kind, FieldValidation.Warn).Object;
            strategy.Default(definition);
            strategy.PrepareForCreate(definition);
            var view = definition.ToElement();
            if (strategy.Validate(view).Any())
                return [];
            var names = view.At("spec", "names");
            var served = new GroupResource(view.At("spec", "group").Text(""), names.At("plural").Text(""));
            if (catalog.BuiltIn.Any(type => type.GroupResource == served))
                return [];
            var types = view.At("spec", "versions").Items().Select(version => (Version: version, Type: CustomResourceTypes.Read(view, version, names, _schema))).ToList();
            catalog.Put(
                types.Find(type => type.Version.At("storage").Flag(false)).Type,
                [.. types.Where(type => type.Version.At("served").Flag(false)).Select(type => type.Type)]);
            return [.. types.Select(type => type.Type)];
        }
        catch (KubernetesApiException)
        {
            return [];
        }
    }

    private static KubernetesApiException? Refusal(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (KubernetesApiException ex)
        {
            return ex;
        }
    }

    private static ManifestError Error(KubernetesApiException refusal, Manifest manifest, IReadOnlyList<StatusCause> causes) =>
        new(manifest.Source, manifest, refusal.Code, refusal.Reason ?? "", refusal.Message, causes);

    private sealed class AllAllowed : IAuthorizer
    {
        public bool IsAllowed(in AccessAttributes attributes, out string reason)
        {
            reason = "";
            return true;
        }
    }
}
