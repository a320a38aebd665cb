using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>Merging and cutting objects by type: <c>typed.Merge</c> and <c>typed.RemoveItems</c> of structured-merge-diff. Nothing given is changed.</summary>
internal static class TypedMerge
{
    /// <summary>The live object with everything the configuration says laid over it.</summary>
    public static JsonObject Merge(FieldType type, JsonObject live, JsonObject configuration) => MergeFields(type, live, configuration);

    /// <summary>The object without some fields.</summary>
    public static JsonObject Remove(FieldType type, JsonObject from, FieldSet fields) => RemoveFields(type, from, fields) ?? [];

    /// <summary>The set, with the structs' fields that lead to its members as members too (<c>EnsureNamedFieldsAreMembers</c>).</summary>
    public static FieldSet WithNamedFields(FieldType type, FieldSet set)
    {
        var result = new FieldSet();
        Name(type, set, [], result);
        return result.Union(set);

        static void Name(FieldType? type, FieldSet set, List<string> path, FieldSet into)
        {
            foreach (var (step, below) in set.Children)
            {
                path.Add(step);
                FieldType? inner = null;
                if (step.StartsWith("f:", StringComparison.Ordinal))
                {
                    inner = type?.Of(step[2..]);
                    if (inner is not null && type!.Kind == FieldKind.Object)
                        into.Insert(path.ToArray());
                }
                else
                {
                    inner = type?.Item;
                }
                Name(inner, below, path, into);
                path.RemoveAt(path.Count - 1);
            }
        }
    }

    private static JsonNode? MergeValue(FieldType type, bool hasLive, JsonNode? live, bool hasNew, JsonNode? @new)
    {
        var leaf = TypedValue.IsEmpty(live) && TypedValue.IsEmpty(@new);
        if (!leaf && TypedValue.IsGranularMap(type, live, @new) && live is JsonObject or null && @new is JsonObject or null)
            return @new is null && hasNew ? null : MergeFields(type, live as JsonObject ?? [], @new as JsonObject ?? []);
        if (!leaf && TypedValue.IsGranularList(type))
            return @new is null && hasNew ? null : MergeItems(type, live as JsonArray ?? [], @new as JsonArray ?? []);
        return (hasNew ? @new : hasLive ? live : null)?.DeepClone();
    }

    private static JsonObject MergeFields(FieldType type, JsonObject live, JsonObject @new)
    {
        var result = new JsonObject();
        foreach (var (name, old) in live)
        {
            var has = @new.TryGetPropertyValue(name, out var now);
            result[name] = has ? MergeValue(TypedValue.Of(type, name), hasLive: true, old, hasNew: true, now) : old?.DeepClone();
        }
        foreach (var (name, now) in @new)
            if (!live.ContainsKey(name))
                result[name] = now?.DeepClone();
        return result;
    }

    // Keeps the configuration's order, with items of others where they were among those shared by both.
    private static JsonArray MergeItems(FieldType type, JsonArray live, JsonArray @new)
    {
        var liveSteps = Steps(type, live);
        var newSteps = Steps(type, @new);
        var liveFirst = First(liveSteps);
        var newFirst = First(newSteps);
        var shared = new Queue<string>(newSteps.Where(liveFirst.ContainsKey));
        var nextShared = shared.TryDequeue(out var head) ? head : null;
        var merged = new HashSet<string>(StringComparer.Ordinal);
        var result = new JsonArray();
        for (int at = 0, to = 0; at < live.Count || to < @new.Count;)
        {
            if (at < live.Count && to < @new.Count)
            {
                var step = liveSteps[at];
                if (step == newSteps[to])
                {
                    Take(step, at, to);
                    at++;
                    to++;
                    nextShared = shared.TryDequeue(out head) ? head : null;
                    continue;
                }
                if (newFirst.ContainsKey(step) && nextShared is not null && nextShared != step)
                {
                    // Shared, but it is another one's turn.
                    at++;
                    continue;
                }
            }
            if (at < live.Count)
            {
                var step = liveSteps[at];
                if (!newFirst.ContainsKey(step))
                {
                    result.Add(live[at]?.DeepClone());
                    at++;
                    continue;
                }
                if (merged.Contains(step))
                    at++;
            }
            if (to < @new.Count)
            {
                var step = newSteps[to];
                Take(step, liveFirst.GetValueOrDefault(step, -1), to);
                to++;
                if (nextShared == step)
                    nextShared = shared.TryDequeue(out head) ? head : null;
            }
        }
        return result;

        void Take(string step, int from, int to)
        {
            merged.Add(step);
            result.Add(MergeValue(type.Item!, from >= 0, from >= 0 ? live[from] : null, hasNew: true, @new[to]));
        }
    }

    private static string[] Steps(FieldType type, JsonArray items)
    {
        var steps = new string[items.Count];
        for (var i = 0; i < steps.Length; i++)
            steps[i] = TypedValue.Step(type, items[i], out _) ?? $"i:{i}";
        return steps;
    }

    private static Dictionary<string, int> First(string[] steps)
    {
        var first = new Dictionary<string, int>(steps.Length, StringComparer.Ordinal);
        for (var i = 0; i < steps.Length; i++)
            first.TryAdd(steps[i], i);
        return first;
    }

    private static JsonNode? RemoveBelow(FieldType type, JsonNode? value, FieldSet fields) => value switch
    {
        JsonObject map when TypedValue.IsGranularMap(type, map, map) => RemoveFields(type, map, fields),
        JsonArray { Count: > 0 } items when TypedValue.IsGranularList(type) => RemoveItems(type, items, fields),
        _ => value?.DeepClone(),
    };

    // What is left without any field is gone.
    private static JsonObject? RemoveFields(FieldType type, JsonObject map, FieldSet fields)
    {
        var result = new JsonObject();
        foreach (var (name, value) in map)
        {
            var below = fields.Below(TypedValue.Step(name));
            if (below is null)
                result[name] = value?.DeepClone();
            else if (!below.IsMember)
                result[name] = RemoveBelow(TypedValue.Of(type, name), value, below);
        }
        return result.Count == 0 && map.Count > 0 ? null : result;
    }

    private static JsonArray? RemoveItems(FieldType type, JsonArray items, FieldSet fields)
    {
        var result = new JsonArray();
        var steps = Steps(type, items);
        for (var i = 0; i < steps.Length; i++)
        {
            var below = fields.Below(steps[i]);
            if (below is null)
                result.Add(items[i]?.DeepClone());
            else if (!below.IsMember)
                result.Add(RemoveBelow(type.Item!, items[i], below));
        }
        return result.Count == 0 ? null : result;
    }
}
