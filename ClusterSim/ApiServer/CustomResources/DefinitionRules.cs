using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ClusterSim.CustomResources;

/// <summary>
/// The rules of a CustomResourceDefinition (<c>pkg/apis/apiextensions/validation</c>). As the real one reads it, what all versions say alike (schema,
/// subresources, columns) stands at the top of the spec, and errors name it there.
/// </summary>
internal static partial class DefinitionRules
{
    private static readonly FieldPath Spec = FieldPath.Spec;
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];
    private static readonly string[] ColumnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

    private static readonly string[] RootFields =
    [
        "description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems",
        "minItems", "uniqueItems", "multipleOf", "required", "items", "properties", "externalDocs", "example", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations",
    ];

    /// <summary>What is wrong with a new definition.</summary>
    public static FieldErrors Validate(JsonElement definition)
    {
        var errors = new FieldErrors();
        var spec = definition.At("spec");
        var name = definition.At("metadata", "name").Text("");
        if (name != $"{spec.At("names", "plural").Text()}.{spec.At("group").Text()}")
            errors.Invalid(FieldPath.Metadata.Child("name"), name, "must be spec.names.plural+\".\"+spec.group");
        CheckSpec(errors, spec);
        CheckStatus(errors, definition, spec);
        CheckApproval(errors, definition, default);
        if (spec.At("preserveUnknownFields").Flag(false))
            errors.Invalid(Spec.Child("preserveUnknownFields"), true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead");
        return errors;
    }

    /// <summary>What is wrong with a change of a definition.</summary>
    public static FieldErrors ValidateUpdate(JsonElement definition, JsonElement old)
    {
        var errors = new FieldErrors();
        var (spec, before) = (definition.At("spec"), old.At("spec"));
        CheckSpec(errors, spec);
        if (old.At("status", "conditions").Items().Any(condition => condition.At("type").Text() == "Established" && condition.At("status").Text() == "True"))
        {
            Immutable(errors, spec.At("scope"), before.At("scope"), Spec.Child("scope"));
            Immutable(errors, spec.At("names", "kind"), before.At("names", "kind"), Spec.Child("names", "kind"));
        }
        Immutable(errors, spec.At("group"), before.At("group"), Spec.Child("group"));
        Immutable(errors, spec.At("names", "plural"), before.At("names", "plural"), Spec.Child("names", "plural"));
        CheckStatus(errors, definition, spec);
        CheckApproval(errors, definition, old);
        if (spec.At("preserveUnknownFields").Flag(false) && !before.At("preserveUnknownFields").Flag(false))
            errors.Invalid(Spec.Child("preserveUnknownFields"), true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead");
        return errors;
    }

    private static void Immutable(FieldErrors errors, JsonElement now, JsonElement before, FieldPath path)
    {
        if (now.Text("") != before.Text(""))
            errors.Invalid(path, now.Text(""), "field is immutable");
    }

    private static void CheckSpec(FieldErrors errors, JsonElement spec)
    {
        var group = spec.At("group").Text("");
        if (group.Length == 0)
            errors.Required(Spec.Child("group"));
        else if (NameRules.DnsSubdomain(group) is { Count: > 0 } wrong)
            errors.Invalid(Spec.Child("group"), group, string.Join(',', wrong));
        else if (!group.Contains('.', StringComparison.Ordinal))
            errors.Invalid(Spec.Child("group"), group, "should be a domain with at least one dot");
        if (spec.At("scope").Text("") is not ("Cluster" or "Namespaced") and var scope)
        {
            if (scope.Length == 0)
                errors.Required(Spec.Child("scope"));
            else
                errors.NotSupported(Spec.Child("scope"), scope, "Cluster", "Namespaced");
        }
        var versions = spec.At("versions").Items().ToList();
        for (var i = 0; i < versions.Count; i++)
            if (!versions[i].At("schema", "openAPIV3Schema").Exists())
                errors.Required(Spec.Child("versions").Index(i).Child("schema", "openAPIV3Schema"));
        var (schemaAtTop, subresourcesAtTop, columnsAtTop) = (SameInAll(versions, "schema"), SameInAll(versions, "subresources"), SameInAll(versions, "additionalPrinterColumns"));
        for (var i = 0; i < versions.Count; i++)
            CheckVersion(errors, versions[i], Spec.Child("versions").Index(i), schemaAtTop, subresourcesAtTop, columnsAtTop);
        if (versions.Select(version => version.At("name").Text("")).Distinct(StringComparer.Ordinal).Count() != versions.Count)
            errors.Invalid(Spec.Child("versions"), Rendered(versions), "must contain unique version names", rendered: true);
        if (versions.Count(version => version.At("storage").Flag(false)) != 1)
            errors.Invalid(Spec.Child("versions"), Rendered(versions), "must have exactly one version marked as storage version", rendered: true);
        if (versions.Count > 0 && versions[0].At("name").Text("") is { Length: > 0 } first && NameRules.Dns1035Label(first) is { Count: > 0 } malformed)
            errors.Invalid(Spec.Child("version"), first, string.Join(',', malformed));
        foreach (var name in (ReadOnlySpan<string>)["plural", "singular", "kind", "listKind"])
            if (spec.At("names", name).Text("").Length == 0)
                errors.Required(Spec.Child("names", name));
        CheckNames(errors, spec.At("names"), Spec.Child("names"));
        if (versions.Count > 0 && schemaAtTop)
            CheckSchema(errors, versions[0].At("schema", "openAPIV3Schema"), versions.Any(version => version.At("subresources", "status").Exists()), Spec.Child("validation"));
        if (versions.Count > 0 && subresourcesAtTop)
            CheckSubresources(errors, versions[0].At("subresources"), Spec.Child("subresources"));
        if (versions.Count > 0 && columnsAtTop)
            CheckColumns(errors, versions[0], Spec.Child("additionalPrinterColumns"));
        CheckConversion(errors, spec.At("conversion"), Spec.Child("conversion"));
    }

    private static bool SameInAll(List<JsonElement> versions, string field) => versions.Count == 0 || versions.TrueForAll(version =>
        version.At(field).Exists() == versions[0].At(field).Exists() && (!version.At(field).Exists() || JsonElement.DeepEquals(version.At(field), versions[0].At(field))));

    private static void CheckVersion(FieldErrors errors, JsonElement version, FieldPath path, bool schemaAtTop, bool subresourcesAtTop, bool columnsAtTop)
    {
        var name = version.At("name").Text("");
        if (NameRules.Dns1035Label(name) is { Count: > 0 } wrong)
            errors.Invalid(path.Child("name"), name, string.Join(',', wrong));
        if (version.At("deprecationWarning").Text() is { } warning)
            foreach (var complaint in DeprecationComplaints(warning, version.At("deprecated").Flag(false)))
                errors.Invalid(path.Child("deprecationWarning"), warning, complaint);
        if (!schemaAtTop)
            CheckSchema(errors, version.At("schema", "openAPIV3Schema"), version.At("subresources", "status").Exists(), path.Child("schema"));
        if (!subresourcesAtTop)
            CheckSubresources(errors, version.At("subresources"), path.Child("subresources"));
        if (!columnsAtTop)
            CheckColumns(errors, version, path.Child("additionalPrinterColumns"));
        SelectableFieldRules.Check(errors, version, path.Child("selectableFields"));
    }

    private static IEnumerable<string> DeprecationComplaints(string warning, bool deprecated)
    {
        if (!deprecated)
        {
            yield return "can only be set for deprecated versions";
            yield break;
        }
        if (Encoding.UTF8.GetByteCount(warning) > 256)
            yield return "must be <= 256 characters long";
        if (warning.Length == 0)
            yield return "must not be an empty string";
        var index = 0;
        foreach (var rune in warning.EnumerateRunes())
        {
            if (!GoText.IsPrintable(rune))
            {
                yield return $"must only contain printable UTF-8 characters; non-printable character found at index {index}";
                yield break;
            }
            index += rune.Utf8SequenceLength;
        }
    }

    private static void CheckNames(FieldErrors errors, JsonElement names, FieldPath path)
    {
        Label("plural", lowered: false);
        Label("singular", lowered: false);
        Label("kind", lowered: true);
        Label("listKind", lowered: true);
        Labels("shortNames");
        if (names.At("kind").Text("") is { Length: > 0 } kind && kind == names.At("listKind").Text())
            errors.Invalid(path.Child("listKind"), kind, "kind and listKind may not be the same");
        Labels("categories");

        void Label(string field, bool lowered)
        {
            var name = names.At(field).Text("");
            if (name.Length > 0 && NameRules.Dns1035Label(lowered ? name.ToLowerInvariant() : name) is { Count: > 0 } wrong)
                errors.Invalid(path.Child(field), name, (lowered ? "may have mixed case, but should otherwise match: " : "") + string.Join(',', wrong));
        }

        void Labels(string field)
        {
            var index = 0;
            foreach (var name in names.At(field).Items())
            {
                if (NameRules.Dns1035Label(name.Text("")) is { Count: > 0 } wrong)
                    errors.Invalid(path.Child(field).Index(index), name.Text(""), string.Join(',', wrong));
                index++;
            }
        }
    }

    private static void CheckSchema(FieldErrors errors, JsonElement source, bool hasStatus, FieldPath path)
    {
        if (StructuralSchema.Read(source) is not { } schema)
            return;
        var at = path.Child("openAPIV3Schema");
        if (hasStatus)
        {
            if (schema.Type != "object" && schema.Type.Length > 0)
                errors.Invalid(at.Child("type"), schema.Type, "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled");
            else if (source.Fields().Any(field => field.Value.Exists() && field.Value.ValueKind != JsonValueKind.False && !RootFields.Contains(field.Name, StringComparer.Ordinal)))
                errors.Invalid(at, source, "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled");
        }
        if (schema.Nullable)
            errors.Forbidden(at.Child("nullable"), "nullable cannot be true at the root");
        var structural = StructuralRules.Validate(schema, at);
        errors.AddRange(structural.Count > 0 ? structural : DefaultRules.Validate(schema, at));
        SchemaRules.Check(errors, schema, at);
    }

    private static void CheckSubresources(FieldErrors errors, JsonElement subresources, FieldPath path)
    {
        var scale = subresources.At("scale");
        if (!scale.Exists())
            return;
        Under("specReplicasPath", ".spec.", isRequired: true);
        Under("statusReplicasPath", ".status.", isRequired: true);
        Under("labelSelectorPath", ".status.", isRequired: false);

        void Under(string field, string root, bool isRequired)
        {
            var text = scale.At(field).Text("");
            var at = path.Child("scale", field);
            if (text.Length == 0 && isRequired)
                errors.Required(at);
            else if (text.Length > 0 && text[0] != '.')
                errors.Invalid(at, text, "must be a simple json path starting with .");
            else if (text.Length > 0 && !text.StartsWith(root, StringComparison.Ordinal) && (isRequired || !text.StartsWith(".spec.", StringComparison.Ordinal)))
                errors.Invalid(at, text, isRequired ? $"should be a json path under {root.TrimEnd('.')}" : "should be a json path under either .spec or .status");
        }
    }

    private static void CheckColumns(FieldErrors errors, JsonElement version, FieldPath path)
    {
        var index = 0;
        foreach (var column in version.At("additionalPrinterColumns").Items())
        {
            var at = path.Index(index++);
            if (column.At("name").Text("").Length == 0)
                errors.Required(at.Child("name"));
            var type = column.At("type").Text("");
            if (type.Length == 0)
                errors.Required(at.Child("type"), $"must be one of {string.Join(',', ColumnTypes)}");
            else if (!ColumnTypes.Contains(type, StringComparer.Ordinal))
                errors.Invalid(at.Child("type"), type, $"must be one of {string.Join(',', ColumnTypes)}");
            if (column.At("format").Text("") is { Length: > 0 } format && !ColumnFormats.Contains(format, StringComparer.Ordinal))
                errors.Invalid(at.Child("format"), format, $"must be one of {string.Join(',', ColumnFormats)}");
            var jsonPath = column.At("jsonPath").Text("");
            if (jsonPath.Length == 0)
                errors.Required(at.Child("JSONPath"));
            else if (jsonPath[0] != '.')
                errors.Invalid(at.Child("JSONPath"), jsonPath, "must be a simple json path starting with .");
        }
    }

    private static void CheckConversion(FieldErrors errors, JsonElement conversion, FieldPath path)
    {
        switch (conversion.At("strategy").Text(""))
        {
            case "":
                if (conversion.Exists())
                    errors.Required(path.Child("strategy"));
                break;
            case "None":
                if (conversion.At("webhook", "clientConfig").Exists())
                    errors.Forbidden(path.Child("webhookClientConfig"), "should not be set when strategy is not set to Webhook");
                if (conversion.At("webhook", "conversionReviewVersions").Count() > 0)
                    errors.Forbidden(path.Child("conversionReviewVersions"), "should not be set when strategy is not set to Webhook");
                break;
            case "Webhook":
                errors.Forbidden(path.Child("strategy"), "the simulated cluster calls no webhooks, and would serve objects unconverted: use strategy None, or one version");
                break;
            case var other:
                errors.NotSupported(path.Child("strategy"), other, "None", "Webhook");
                break;
        }
    }

    private static void CheckStatus(FieldErrors errors, JsonElement definition, JsonElement spec)
    {
        var status = FieldPath.Status;
        CheckNames(errors, definition.At("status", "acceptedNames"), status.Child("acceptedNames"));
        var stored = definition.At("status", "storedVersions");
        var names = stored.Items().Select(item => item.Text("")).ToList();
        if (names.Count == 0)
        {
            errors.Invalid(status.Child("storedVersions"), "null", "must have at least one stored version", rendered: true);
            return;
        }
        var versions = spec.At("versions").Items().ToList();
        foreach (var version in versions)
            if (version.At("storage").Flag(false) && !names.Contains(version.At("name").Text("")))
                errors.Invalid(status.Child("storedVersions"), stored, $"must have the storage version {version.At("name").Text()}");
        for (var i = 0; i < names.Count; i++)
            if (!versions.Any(version => version.At("name").Text() == names[i]))
                errors.Invalid(status.Child("storedVersions").Index(i), names[i],
                    $"missing from spec.versions; {names[i]} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {names[i]} and removes {names[i]} from status.storedVersions");
    }

    // Groups of the Kubernetes community want a word of approval.
    private static void CheckApproval(FieldErrors errors, JsonElement definition, JsonElement old)
    {
        const string annotation = "api-approved.kubernetes.io";
        var group = definition.At("spec", "group").Text("");
        if (!Protected().IsMatch(group))
            return;
        var text = definition.At("metadata", "annotations").At(annotation).Text("");
        if (old.Exists() && old.At("metadata", "annotations").At(annotation).Text("") == text)
            return;
        var path = FieldPath.Metadata.Child("annotations").Key(annotation);
        if (text.Length == 0)
            errors.Required(path, $"protected groups must have approval annotation \"{annotation}\", see https://github.com/kubernetes/enhancements/pull/1111");
        else if (!text.StartsWith("unapproved", StringComparison.Ordinal) && !(Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0))
            errors.Invalid(path, text, $"protected groups must have approval annotation \"{annotation}\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111");
    }

    // As Go writes its internal versions, of which nothing but the names and flags is left below the top of the spec.
    private static string Rendered(List<JsonElement> versions) => versions.Count == 0 ? "null" : "[" + string.Join(',', versions.Select(version =>
        $"{{\"Name\":{GoText.Quote(version.At("name").Text(""))},\"Served\":{Go(version.At("served"))},\"Storage\":{Go(version.At("storage"))},\"Deprecated\":{Go(version.At("deprecated"))},"
        + $"\"DeprecationWarning\":{(version.At("deprecationWarning").Text() is { } text ? GoText.Quote(text) : "null")},\"Schema\":null,\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}")) + "]";

    private static string Go(JsonElement flag) => flag.Flag(false) ? "true" : "false";

    [GeneratedRegex(@"^(.*\.)?(k8s|kubernetes)\.io\z", RegexOptions.NonBacktracking)]
    private static partial Regex Protected();
}
