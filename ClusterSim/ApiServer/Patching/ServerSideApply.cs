using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Patching;

/// <summary>Server-side apply: <c>merge.Updater.Apply</c> of structured-merge-diff within apimachinery's field manager.</summary>
internal static class ServerSideApply
{
    private const string BeforeFirstApply = "before-first-apply";
    private const string Kubectl = "kubectl";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>Lays an applier's configuration over an object.</summary>
    /// <param name="live">The object as it is; default where it is to be created.</param>
    /// <param name="configuration">What the applier wants, with apiVersion, kind and name; left as it is.</param>
    /// <param name="type">The type of both.</param>
    /// <param name="writer">Who applies.</param>
    /// <param name="force">Whether to take fields from their owners.</param>
    /// <param name="ignored">What this writer cannot change (<see cref="ResetFields"/>).</param>
    /// <returns>The object to be, with its managedFields, before normalisation and defaults.</returns>
    /// <exception cref="KubernetesApiException">409 with every conflict; 400 and 500 where the configuration is unfit.</exception>
    /// <remarks>
    /// 1. Check the configuration. 2. Where nobody has ever applied and no manager is known, what is there belongs to "before-first-apply".
    /// 3. Merge. 4. Remove what this applier set last time, sets no more, and nobody else owns. 5. Conflicts: fields that this changes and others own.
    /// 6. kubectl may take what its own client-side apply wrote. 7. Give and take fields.
    /// </remarks>
    public static JsonObject Apply(JsonElement live, JsonObject configuration, ObjectType type, FieldWriter writer, bool force, FieldSet ignored)
    {
        var sent = GroupVersion.Parse(configuration.Text("apiVersion") ?? "");
        if (sent != type.Kind.GroupVersion)
            throw KubernetesApiException.BadRequest($"Incorrect version specified in apply patch. Specified patch version: {sent}, expected: {type.Kind.GroupVersion}");
        if (configuration["metadata"] is JsonObject metadata && metadata["managedFields"] is not null)
            throw KubernetesApiException.BadRequest("metadata.managedFields must be nil");
        var applied = ApplyConfiguration.FieldsOf(type.Type, configuration, out var complaint);
        if (complaint is not null)
        {
            var name = $"{configuration["metadata"].AsText("namespace")}/{configuration["metadata"].AsText("name")}";
            throw new KubernetesApiException(500, null, $"failed to create typed patch object ({name}; {type.Kind.Group}/{type.Kind.Version}, Kind={type.Kind.Kind}): {complaint}");
        }

        var before = live.Exists() ? live.ToObject() : type.Empty();
        var managers = ManagedFields.Managers(default, live.At("metadata", "managedFields"));
        ManagedFields.TakeManagers(before);
        if (managers.Count == 0 && live.Exists())
            managers = ManagedFields.Record([], Comparison.Of(type.Type, type.Empty(), before), writer with { Manager = BeforeFirstApply, Subresource = null });

        var result = Run(type, before, configuration, applied, managers, writer, force, ignored);
        // kubectl's own annotation is kept up to date, for those who go back to client-side apply (lastAppliedUpdater).
        if (writer.Manager == Kubectl && result["metadata"]?["annotations"] is JsonObject annotations && annotations.Text(LastApplied) is { Length: > 0 })
        {
            annotations[LastApplied] = LastAppliedOf(configuration);
            if (LabelValidation.AnnotationsSize(annotations) > LabelValidation.AnnotationsMaximumBytes)
                annotations.Remove(LastApplied);
        }
        return result;
    }

    private static JsonObject Run(
        ObjectType type, JsonObject before, JsonObject configuration, FieldSet applied, List<ManagedFieldsEntry> managers, FieldWriter writer, bool force, FieldSet ignored)
    {
        var me = new ManagedFieldsEntry
        {
            Manager = writer.Manager,
            Operation = ManagedFieldsEntry.Apply,
            ApiVersion = writer.ApiVersion,
            Subresource = writer.Subresource,
            Time = writer.Now.Stamp(),
            Fields = applied.RecursiveDifference(ignored),
        };
        var last = managers.Find(manager => manager.Identity == me.Identity);
        var others = managers.Where(manager => manager.Identity != me.Identity).ToList();

        var merged = TypedMerge.Merge(type.Type, before, configuration);
        merged = Prune(type.Type, merged, last?.Fields.RecursiveDifference(ignored), others.Append(me));
        var compared = Comparison.Of(type.Type, before, merged).Without(ignored);
        var changed = compared.Modified.Union(compared.Added);

        var conflicts = others
            .Select(other => (other, Fields: other.Fields.Intersection(changed)))
            .Where(conflict => !conflict.Fields.IsEmpty)
            .ToList();
        if (conflicts.Count > 0 && !force)
        {
            // What kubectl's client-side apply last wrote, and still stands, is kubectl's to take.
            var allowed = writer.Manager == Kubectl ? WrittenByClientSideApply(type, before) : new FieldSet();
            var refused = conflicts.Select(conflict => (conflict.other, Fields: conflict.Fields.Difference(allowed))).Where(conflict => !conflict.Fields.IsEmpty).ToList();
            if (refused.Count > 0)
                // Through scale, fields are named in the version of the Scale (scalehandler.go).
                throw Conflict(writer.Subresource == "scale" ? [.. refused.Select(conflict => (conflict.other with { ApiVersion = "autoscaling/v1" }, conflict.Fields))] : refused);
        }

        var taken = changed.Union(compared.Removed);
        var result = others.Select(other => other with { Fields = other.Fields.Difference(taken) }).ToList();
        me = me with { Fields = ManagedFields.Tracked(me.Fields) };
        // An apply that changes no value keeps its time; the first one has none.
        if (compared.IsSame)
            me = me with { Time = last?.Time };
        result.Add(me);
        ManagedFieldsEntry.Write(merged, result);
        return merged;
    }

    private static JsonObject Prune(FieldType type, JsonObject merged, FieldSet? last, IEnumerable<ManagedFieldsEntry> managers)
    {
        if (last is null || last.IsEmpty)
            return merged;
        var mine = TypedMerge.WithNamedFields(type, last);
        var pruned = TypedMerge.Remove(type, merged, mine);

        // Back comes what anybody owns, …
        var owned = managers.Aggregate(new FieldSet(), (all, manager) => all.Union(manager.Fields));
        var ofMerged = TypedMerge.WithNamedFields(type, ApplyConfiguration.FieldsOf(type, merged));
        var ofPruned = TypedMerge.WithNamedFields(type, ApplyConfiguration.FieldsOf(type, pruned));
        pruned = TypedMerge.Remove(type, merged, ofMerged.Difference(ofPruned.Union(TypedMerge.WithNamedFields(type, owned))));

        // … and what went with a parent though this applier never owned it.
        ofPruned = TypedMerge.WithNamedFields(type, ApplyConfiguration.FieldsOf(type, pruned));
        return TypedMerge.Remove(type, merged, ofMerged.Difference(ofPruned).Intersection(mine));
    }

    private static FieldSet WrittenByClientSideApply(ObjectType type, JsonObject live)
    {
        if (live["metadata"]?["annotations"].AsText(LastApplied) is not { Length: > 0 } text)
            return new FieldSet();
        try
        {
            if (JsonNode.Parse(text) is not JsonObject last || last.Text("apiVersion") != type.Kind.GroupVersion.ToString())
                return new FieldSet();
            var fields = ApplyConfiguration.FieldsOf(type.Type, last);
            // A field that has changed since is not what was applied.
            var compared = Comparison.Of(type.Type, last, TypedMerge.Merge(type.Type, last, live));
            return fields.Difference(compared.Modified);
        }
        catch (JsonException)
        {
            return new FieldSet();
        }
    }

    private static string LastAppliedOf(JsonObject configuration)
    {
        var copy = (JsonObject)configuration.DeepClone();
        if (copy["metadata"]?["annotations"] is JsonObject annotations)
            annotations.Remove(LastApplied);
        return Sorted(copy)!.ToJsonString(JsonBuilding.TextOptions) + "\n";
    }

    // Go writes maps in the order of their keys.
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, Sorted(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static KubernetesApiException Conflict(List<(ManagedFieldsEntry Other, FieldSet Fields)> refused)
    {
        var causes = new JsonArray();
        var lines = new List<string>();
        foreach (var (other, fields) in refused.OrderBy(conflict => conflict.Other.Manager, StringComparer.Ordinal).ThenBy(conflict => conflict.Other.Told, StringComparer.Ordinal))
        {
            lines.Add($"conflicts with {other.Told}:");
            foreach (var path in fields.Paths())
            {
                var shown = FieldSet.Show(path);
                lines.Add($"- {shown}");
                causes.Add(JsonBuilding.Object(("reason", "FieldManagerConflict"), ("message", $"conflict with {other.Told}"), ("field", shown)));
            }
        }
        var told = causes.Count == 1
            ? $"Apply failed with 1 conflict: conflict with {refused[0].Other.Told}: {causes[0]!["field"]}"
            : $"Apply failed with {causes.Count} conflicts: {string.Join('\n', lines)}";
        return new KubernetesApiException(409, "Conflict", told, JsonBuilding.Object(("causes", causes)));
    }

    private static string AsText(this JsonNode? parent, string name) => (parent as JsonObject).Text(name) ?? "";
}
