using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>Who writes, and when.</summary>
/// <param name="Manager">The field manager's name.</param>
/// <param name="ApiVersion">The version of the request.</param>
/// <param name="Subresource">Through which subresource; null for the object itself.</param>
/// <param name="Now">The time.</param>
internal readonly record struct FieldWriter(string Manager, string ApiVersion, string? Subresource, DateTimeOffset Now);

/// <summary>
/// Keeps <c>metadata.managedFields</c> on create and update: <c>fieldmanager</c> of apimachinery. Call it after decoding and defaulting, before
/// mutating admission and before the strategy prepares the object: what those set has no owner.
/// </summary>
internal static class ManagedFields
{
    private const int UpdateManagersMax = 10;
    private const string OldUpdatesManager = "ancient-changes";

    // What nobody owns.
    private static readonly FieldSet Untracked = FieldSet.Of(
        ["f:apiVersion"], ["f:kind"], ["f:metadata"], ["f:metadata", "f:name"], ["f:metadata", "f:namespace"], ["f:metadata", "f:creationTimestamp"],
        ["f:metadata", "f:selfLink"], ["f:metadata", "f:uid"], ["f:metadata", "f:clusterName"], ["f:metadata", "f:generation"],
        ["f:metadata", "f:managedFields"], ["f:metadata", "f:resourceVersion"]);

    /// <summary>Gives the fields that a write changes to its writer, and takes them from everybody else.</summary>
    /// <param name="updated">The object as it is to be; its managedFields are set.</param>
    /// <param name="before">The object as it was; default for a create.</param>
    /// <param name="type">The object's type.</param>
    /// <param name="writer">Who writes.</param>
    /// <param name="ignored">What this writer cannot change (<see cref="ResetFields"/>).</param>
    /// <remarks>
    /// 1. Take the managers from the new object if its writer sent some, else from the old one.
    /// 2. Compare both without them. 3. Nothing changed: leave the managers as they are. 4. Take what changed from the others, what is gone from all.
    /// 5. Give what changed to the writer, save what nobody owns. 6. Fold the oldest writers into one where they are more than ten.
    /// </remarks>
    public static void RecordUpdate(JsonObject updated, JsonElement before, ObjectType type, in FieldWriter writer, FieldSet ignored)
    {
        var liveEntries = before.At("metadata", "managedFields");
        var sentManagers = TakeManagers(updated);
        var live = before.Exists() ? before.ToObject() : type.Empty();
        TakeManagers(live);
        var compared = Comparison.Of(type.Type, live, updated);
        var sentEntries = sentManagers?.ToElement() ?? default;
        if (compared.IsSame && !IsReset(sentEntries) && (sentManagers is null || SameEntries(sentEntries, liveEntries)))
        {
            if (liveEntries.Exists())
                updated.Ensure("metadata")["managedFields"] = liveEntries.ToNode();
            return;
        }

        var managers = Managers(sentEntries, liveEntries);
        // What has no managers and exists already is not tracked until somebody applies (skipNonAppliedManager).
        if (managers.Count == 0 && before.Exists())
            return;
        ManagedFieldsEntry.Write(updated, Cap(Record(managers, compared.Without(ignored), writer)));
    }

    /// <summary>The managers before a write: those sent, else the live ones; none after a reset.</summary>
    internal static List<ManagedFieldsEntry> Managers(JsonElement sent, JsonElement live)
    {
        if (IsReset(sent))
            return [];
        return ManagedFieldsEntry.Read(sent) is { Count: > 0 } read ? read : ManagedFieldsEntry.Read(live) ?? [];
    }

    /// <summary>What nobody owns, left out.</summary>
    internal static FieldSet Tracked(FieldSet fields) => fields.Difference(Untracked);

    /// <summary>The managers after an update that changed these fields.</summary>
    internal static List<ManagedFieldsEntry> Record(IReadOnlyList<ManagedFieldsEntry> managers, Comparison compared, FieldWriter writer)
    {
        var changed = compared.Modified.Union(compared.Added);
        var taken = changed.Union(compared.Removed);
        var own = Tracked(changed);
        var me = new ManagedFieldsEntry
        {
            Manager = writer.Manager,
            Operation = ManagedFieldsEntry.Update,
            ApiVersion = writer.ApiVersion,
            Subresource = writer.Subresource,
            // The scale subresource hands its managers over without times.
            Time = writer.Subresource == "scale" ? null : writer.Now.Stamp(),
            Fields = own,
        };
        var result = new List<ManagedFieldsEntry>(managers.Count + 1);
        foreach (var manager in managers)
        {
            var left = manager with { Fields = manager.Fields.Difference(taken) };
            if (manager.Identity == me.Identity)
                me = me with { Fields = left.Fields.Union(own), Time = own.IsEmpty ? manager.Time : me.Time };
            else if (!left.Fields.IsEmpty)
                result.Add(left);
        }
        if (!me.Fields.IsEmpty)
            result.Add(me);
        return result;
    }

    /// <summary>Takes <c>metadata.managedFields</c> out of an object.</summary>
    internal static JsonArray? TakeManagers(JsonObject @object)
    {
        if (@object["metadata"] is not JsonObject metadata || !metadata.Remove("managedFields", out var managers))
            return null;
        return managers as JsonArray;
    }

    // Writers beyond ten are folded, the oldest first, into one entry a version.
    private static List<ManagedFieldsEntry> Cap(List<ManagedFieldsEntry> managers)
    {
        var updaters = managers.Where(manager => manager.Operation == ManagedFieldsEntry.Update)
            .OrderBy(manager => manager.Time, StringComparer.Ordinal).ThenBy(manager => manager.Manager, StringComparer.Ordinal).ToList();
        var tooMany = updaters.Count - UpdateManagersMax;
        if (tooMany <= 0)
            return managers;
        var result = managers.ToList();
        var first = new Dictionary<string, ManagedFieldsEntry>(StringComparer.Ordinal);
        foreach (var updater in updaters)
        {
            if (tooMany <= 0)
                break;
            if (!first.TryGetValue(updater.ApiVersion, out var bucket))
            {
                first[updater.ApiVersion] = updater;
                continue;
            }
            result.Remove(bucket);
            result.Remove(updater);
            bucket = bucket with { Manager = OldUpdatesManager, Subresource = null, Fields = bucket.Fields.Union(updater.Fields), Time = updater.Time };
            result.Add(bucket);
            first[updater.ApiVersion] = bucket;
            tooMany--;
        }
        return result;
    }

    // [] or [{}] asks to forget all managers.
    private static bool IsReset(JsonElement sent) =>
        sent.ValueKind == JsonValueKind.Array && (sent.GetArrayLength() == 0 || (sent.GetArrayLength() == 1 && sent[0].Count() == 0));

    private static bool SameEntries(JsonElement sent, JsonElement live) =>
        !sent.Exists() || (live.Exists() && JsonElement.DeepEquals(sent, live));
}
