using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Storage;

namespace ClusterSim.CustomResources;

/// <summary>Which of the names a definition asks for it gets: those that no other definition of its group has (<c>NamingConditionController</c>).</summary>
/// <param name="Names">The names, as <c>status.acceptedNames</c> tells them.</param>
/// <param name="Reason">Why not all are accepted; null where they are.</param>
/// <param name="Message">Which is taken.</param>
internal sealed record AcceptedNames(JsonObject Names, string? Reason, string? Message)
{
    /// <summary>The names of a definition among all.</summary>
    public static AcceptedNames Of(Document definition, IEnumerable<Document> all)
    {
        var wanted = definition.Spec.At("names");
        var accepted = definition.Status.At("acceptedNames");
        if (JsonElement.DeepEquals(wanted.ToObject().ToElement(), accepted.ToObject().ToElement()))
            return new AcceptedNames(accepted.ToObject(), null, null);
        var resources = new HashSet<string>(StringComparer.Ordinal);
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var other in all.Where(other => other.Spec.At("group").Text() == definition.Spec.At("group").Text()))
        {
            var names = other.Status.At("acceptedNames");
            resources.UnionWith([names.At("plural").Text(""), names.At("singular").Text(""), .. names.At("shortNames").Items().Select(name => name.Text(""))]);
            kinds.UnionWith([names.At("kind").Text(""), names.At("listKind").Text("")]);
        }
        var result = accepted.ToObject();
        string? reason = null, message = null;
        One("plural", "PluralConflict", resources);
        One("singular", "SingularConflict", resources);
        ShortNames();
        One("kind", "KindConflict", kinds);
        One("listKind", "ListKindConflict", kinds);
        Take("categories");
        return new AcceptedNames(result, reason, message);

        void One(string field, string conflict, HashSet<string> taken)
        {
            var name = wanted.At(field).Text("");
            if (name != accepted.At(field).Text("") && taken.Contains(name))
                (reason, message) = (conflict, $"\"{name}\" is already in use");
            else
                Take(field);
        }

        void ShortNames()
        {
            var own = accepted.At("shortNames").Items().Select(name => name.Text("")).ToHashSet(StringComparer.Ordinal);
            var conflicts = wanted.At("shortNames").Items().Select(name => name.Text("")).Where(name => !own.Contains(name) && resources.Contains(name)).ToList();
            if (conflicts.Count == 0)
                Take("shortNames");
            else
                (reason, message) = ("ShortNamesConflict", conflicts.Count == 1
                    ? $"\"{conflicts[0]}\" is already in use"
                    : $"[{string.Join(", ", conflicts.Select(name => $"\"{name}\" is already in use"))}]");
        }

        void Take(string field)
        {
            if (wanted.At(field).Exists())
                result[field] = wanted.At(field).ToNode();
            else
                result.Remove(field);
        }
    }
}
