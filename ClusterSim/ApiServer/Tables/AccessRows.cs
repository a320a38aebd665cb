using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;
using static ClusterSim.Tables.Rows;

namespace ClusterSim.Tables;

/// <summary>Rows of bindings, signing requests and the API's own configuration.</summary>
internal static class AccessRows
{
    public static JsonArray Binding(JsonElement o, DateTimeOffset now)
    {
        string Subjects(string kind) => string.Join(", ", o.At("subjects").Items().Where(subject => subject.At("kind").Text() == kind)
            .Select(subject => kind == "ServiceAccount" ? $"{subject.At("namespace").Text()}/{subject.At("name").Text()}" : subject.At("name").Text("")));

        var role = o.At("roleRef");
        return [Name(o), $"{role.At("kind").Text()}/{role.At("name").Text()}", Age(o, now), Subjects("User"), Subjects("Group"), Subjects("ServiceAccount")];
    }

    public static JsonArray SigningRequest(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        var conditions = o.At("status", "conditions").Items().Select(condition => condition.At("type").Text("")).ToHashSet(StringComparer.Ordinal);
        var state = conditions.Contains("Denied") ? "Denied" : conditions.Contains("Approved") ? "Approved" : "Pending";
        if (conditions.Contains("Failed"))
            state += ",Failed";
        if (o.At("status", "certificate").Text("").Length > 0)
            state += ",Issued";
        var requested = spec.At("expirationSeconds").Integer() is { } seconds ? HumanDuration.Of(TimeSpan.FromSeconds(seconds)) : None;
        return [Name(o), Age(o, now), OrNone(spec.At("signerName").Text()), spec.At("username").Text(""), requested, state];
    }

    public static JsonArray ApiService(JsonElement o, DateTimeOffset now)
    {
        var service = o.At("spec", "service");
        var available = o.At("status", "conditions").Items().FirstOrDefault(condition => condition.At("type").Text() == "Available");
        var text = !available.Exists() ? "Unknown"
            : available.At("status").Text() == "True" ? "True" : $"{available.At("status").Text()} ({available.At("reason").Text()})";
        return [Name(o), service.Exists() ? $"{service.At("namespace").Text()}/{service.At("name").Text()}" : "Local", text, Age(o, now)];
    }

    public static JsonArray FlowSchema(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        var dangling = o.At("status", "conditions").Items().FirstOrDefault(condition => condition.At("type").Text() == "Dangling").At("status").Text("?");
        return
        [
            Name(o), spec.At("priorityLevelConfiguration", "name").Text(""), spec.At("matchingPrecedence").Integer(0), spec.At("distinguisherMethod", "type").Text(None), Age(o, now), dangling,
        ];
    }

    public static JsonArray PriorityLevel(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        var limited = spec.At("limited");
        var queuing = limited.At("limitResponse", "queuing");
        static string Number(JsonElement value) => value.Integer()?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? None;
        return
        [
            Name(o), spec.At("type").Text(""), Number(limited.At("nominalConcurrencyShares")), Number(queuing.At("queues")), Number(queuing.At("handSize")),
            Number(queuing.At("queueLengthLimit")), Age(o, now),
        ];
    }
}
