using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClusterSim.Patching;
using ClusterSim.Schema;

namespace ClusterSim.Manifests;

/// <summary>What a kustomization changes in its resources, in kustomize's order: patches, namespace, labels, annotations, images, replicas.</summary>
internal static partial class KustomizationTransformers
{
    /// <summary>Changes the manifests in place.</summary>
    /// <exception cref="ManifestException">A patch finds no target, or cannot be read.</exception>
    public static void Apply(string folder, string file, JsonObject said, List<Manifest> manifests)
    {
        foreach (var patch in Objects(said, "patches", file))
            Patch(folder, file, "patches", patch, manifests);
        foreach (var patch in Objects(said, "patchesJson6902", file))
            Patch(folder, file, "patchesJson6902", patch, manifests);
        if (said["patchesStrategicMerge"] is JsonArray merges)
            foreach (var merge in merges)
                Patch(folder, file, "patchesStrategicMerge", Inline((string?)merge ?? "", folder), manifests);
        if (said.Text("namespace") is { } @namespace)
            SetNamespace(manifests, @namespace);
        Label(said, file, manifests);
        if (said["commonAnnotations"] is JsonObject annotations)
            foreach (var manifest in manifests)
            {
                Merge(manifest.Object.Ensure("metadata").Ensure("annotations"), annotations);
                if (PodTemplate(manifest.Object) is { } template)
                    Merge(template.Ensure("metadata").Ensure("annotations"), annotations);
            }
        foreach (var image in Objects(said, "images", file))
            SetImage(file, image, manifests);
        foreach (var replicas in Objects(said, "replicas", file))
            SetReplicas(file, replicas, manifests);
    }

    private static void Patch(string folder, string file, string field, JsonObject said, List<Manifest> manifests)
    {
        var text = said.Text("patch") ?? Read(folder, file, field, said.Text("path") ?? throw new ManifestException($"{file}: {field}: neither path nor patch is given"));
        var source = $"{file}: {field}: {said.Text("path") ?? "patch"}";
        var target = said["target"] as JsonObject;
        if (Operations(text, source) is { } operations)
        {
            if (target is null)
                throw new ManifestException($"{source}: a JSON 6902 patch needs a target");
            Each(manifests, target, source, manifest => JsonPatch.Apply(manifest.Object, operations));
            return;
        }
        foreach (var patch in ManifestFilesOrFragments(text, source))
        {
            var aim = target ?? Named(patch);
            if (patch.Text("$patch") == "delete")
            {
                var gone = manifests.Where(manifest => Matches(manifest, aim)).ToList();
                if (gone.Count == 0)
                    throw new ManifestException($"{source}: no resource matches {aim.ToJsonString()}");
                manifests.RemoveAll(gone.Contains);
                continue;
            }
            Each(manifests, aim, source, manifest => Merged(manifest, patch));
        }
    }

    private static JsonObject Merged(Manifest manifest, JsonObject patch)
    {
        var change = (JsonObject)patch.DeepClone();
        // With a target the patch's own name and kind say nothing.
        change.Remove("apiVersion");
        change.Remove("kind");
        (change["metadata"] as JsonObject)?.Remove("name");
        (change["metadata"] as JsonObject)?.Remove("namespace");
        var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
        return TypeSchema.Load().Find(new GroupVersionKind(group, version, manifest.Kind)) is { } type
            ? StrategicMergePatch.Apply(manifest.Object, change, type.Type)
            : MergePatch.Apply(manifest.Object, change);
    }

    private static void Each(List<Manifest> manifests, JsonObject target, string source, Func<Manifest, JsonObject> change)
    {
        var found = false;
        for (var i = 0; i < manifests.Count; i++)
        {
            if (!Matches(manifests[i], target))
                continue;
            found = true;
            try
            {
                manifests[i] = manifests[i] with { Object = change(manifests[i]) };
            }
            catch (KubernetesApiException refused)
            {
                throw new ManifestException($"{source}: {manifests[i].Identity}: {refused.Message}");
            }
        }
        if (!found)
            throw new ManifestException($"{source}: no resource matches {target.ToJsonString()}");
    }

    private static bool Matches(Manifest manifest, JsonObject target)
    {
        var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
        return Fits(target.Text("group"), group)
            && Fits(target.Text("version"), version)
            && Fits(target.Text("kind"), manifest.Kind)
            && Fits(target.Text("name"), manifest.Name)
            && Fits(target.Text("namespace"), manifest.Namespace)
            && Selected(target.Text("labelSelector"), "labels")
            && Selected(target.Text("annotationSelector"), "annotations");

        // kustomize anchors its patterns at both ends.
        static bool Fits(string? pattern, string value) => string.IsNullOrEmpty(pattern) || Regex.IsMatch(value, $"^(?:{pattern})$", RegexOptions.NonBacktracking);

        bool Selected(string? selector, string field) => selector is null
            || LabelSelector.Parse(selector).Matches(manifest.Object.ToElement().At("metadata", field).TextMap());
    }

    private static JsonObject Named(JsonObject patch)
    {
        var (group, version) = GroupVersion.Parse(patch.Text("apiVersion") ?? "");
        var metadata = patch["metadata"] as JsonObject;
        return JsonBuilding.Object(
            ("group", group), ("version", version), ("kind", patch.Text("kind")), ("name", metadata.Text("name")), ("namespace", metadata.Text("namespace")));
    }

    private static void SetNamespace(List<Manifest> manifests, string @namespace)
    {
        var catalog = new ResourceCatalog();
        foreach (var manifest in manifests)
        {
            var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
            if (manifest.Kind == "Namespace")
                manifest.Object.Ensure("metadata")["name"] = @namespace;
            else if (catalog.Find(new GroupVersionKind(group, version, manifest.Kind))?.Namespaced ?? true)
                manifest.Object.Ensure("metadata")["namespace"] = @namespace;
            if (manifest.Kind is "RoleBinding" or "ClusterRoleBinding" && manifest.Object["subjects"] is JsonArray subjects)
                foreach (var subject in subjects.OfType<JsonObject>().Where(subject => subject.Text("kind") == "ServiceAccount" && subject.Text("name") == "default"))
                    subject["namespace"] = @namespace;
        }
    }

    private static void Label(JsonObject said, string file, List<Manifest> manifests)
    {
        foreach (var entry in Objects(said, "labels", file))
        {
            if (entry["pairs"] is not JsonObject pairs)
                throw new ManifestException($"{file}: labels: pairs is missing");
            var selectors = entry["includeSelectors"]?.GetValue<bool>() ?? false;
            SetLabels(manifests, pairs, selectors, selectors || (entry["includeTemplates"]?.GetValue<bool>() ?? false));
        }
        if (said["commonLabels"] is JsonObject common)
            SetLabels(manifests, common, selectors: true, templates: true);
    }

    private static void SetLabels(List<Manifest> manifests, JsonObject labels, bool selectors, bool templates)
    {
        foreach (var manifest in manifests)
        {
            Merge(manifest.Object.Ensure("metadata").Ensure("labels"), labels);
            if (templates && PodTemplate(manifest.Object) is { } template)
                Merge(template.Ensure("metadata").Ensure("labels"), labels);
            if (!selectors || manifest.Object["spec"] is not JsonObject spec)
                continue;
            if (manifest.Kind is "Service" or "ReplicationController" && spec["selector"] is JsonObject plain)
                Merge(plain, labels);
            else if (manifest.Kind is "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet")
                Merge(spec.Ensure("selector").Ensure("matchLabels"), labels);
            else if (manifest.Kind is "PodDisruptionBudget" && spec["selector"] is JsonObject)
                Merge(spec.Ensure("selector").Ensure("matchLabels"), labels);
            else if (manifest.Kind is "NetworkPolicy" && spec["podSelector"] is JsonObject { Count: > 0 })
                Merge(spec.Ensure("podSelector").Ensure("matchLabels"), labels);
        }
    }

    private static void SetImage(string file, JsonObject image, List<Manifest> manifests)
    {
        var name = image.Text("name") ?? throw new ManifestException($"{file}: images: name is missing");
        foreach (var manifest in manifests)
        {
            if (PodSpecs.Of(manifest.Object) is not { } podSpec)
                continue;
            foreach (var container in PodSpecs.Containers(podSpec))
            {
                if (container.Text("image") is not { } reference || Reference().Match(reference) is not { Success: true } parts || parts.Groups["name"].Value != name)
                    continue;
                var renamed = image.Text("newName") ?? name;
                var tag = image.Text("newTag");
                var digest = image.Text("digest");
                container["image"] = digest is not null ? $"{renamed}@{digest}"
                    : tag is not null ? $"{renamed}:{tag}"
                    : renamed + reference[name.Length..];
            }
        }
    }

    private static void SetReplicas(string file, JsonObject replicas, List<Manifest> manifests)
    {
        var name = replicas.Text("name") ?? throw new ManifestException($"{file}: replicas: name is missing");
        var count = replicas.Integer("count") ?? throw new ManifestException($"{file}: replicas {name}: count is missing");
        var found = false;
        foreach (var manifest in manifests.Where(manifest => manifest.Name == name && manifest.Kind is "Deployment" or "ReplicaSet" or "StatefulSet" or "ReplicationController"))
        {
            manifest.Object.Ensure("spec")["replicas"] = count;
            found = true;
        }
        if (!found)
            throw new ManifestException($"{file}: replicas: no workload is called {name}");
    }

    private static JsonObject? PodTemplate(JsonObject @object) => (string?)@object["kind"] switch
    {
        "CronJob" => @object["spec"]?["jobTemplate"]?["spec"]?["template"] as JsonObject,
        "Pod" or "PodTemplate" => null,
        _ => @object["spec"]?["template"] as JsonObject,
    };

    private static void Merge(JsonObject into, JsonObject from)
    {
        foreach (var (name, value) in from)
            into[name] = value?.DeepClone();
    }

    private static IEnumerable<JsonObject> Objects(JsonObject said, string field, string file) => said[field] switch
    {
        null => [],
        JsonArray array => array.Select(item => item as JsonObject ?? throw new ManifestException($"{file}: {field}: an object is expected, found {item?.ToJsonString() ?? "null"}")),
        _ => throw new ManifestException($"{file}: {field} must be a list"),
    };

    private static JsonObject Inline(string pathOrPatch, string folder) => File.Exists(Path.Combine(folder, pathOrPatch))
        ? JsonBuilding.Object(("path", pathOrPatch))
        : JsonBuilding.Object(("patch", pathOrPatch));

    private static string Read(string folder, string file, string field, string path)
    {
        var full = Path.Combine(folder, path);
        return File.Exists(full) ? File.ReadAllText(full) : throw new ManifestException($"{file}: {field}: {path} is not there");
    }

    /// <summary>The operations of a JSON 6902 patch, as JSON; null where the text is none.</summary>
    private static byte[]? Operations(string text, string source)
    {
        try
        {
            var json = YamlConversion.ToJson(System.Text.Encoding.UTF8.GetBytes(text), strict: null);
            return JsonNode.Parse(json) is JsonArray ? json : null;
        }
        catch (DecodeException malformed)
        {
            throw new ManifestException($"{source}: {malformed.Message}");
        }
    }

    private static IEnumerable<JsonObject> ManifestFilesOrFragments(string text, string source) =>
        Documents().Split(text).Where(document => document.Trim().Length > 0)
            .Select(document => KubernetesYaml.ReadObject(document, source));

    [GeneratedRegex(@"^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Documents();

    // A tag's colon is the one behind the last slash: before it may stand a registry's port.
    [GeneratedRegex(@"^(?<name>(?:[^/@]+/)*[^/:@]+)(?::[^/:@]+)?(?:@.+)?$")]
    private static partial Regex Reference();
}
