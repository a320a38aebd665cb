using System.CommandLine;
using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary><c>harness describe</c>: an object for people to read, with its events; for those without kubectl.</summary>
internal static class DescribeCommand
{
    public static Command Create(CommandContext context)
    {
        var what = new Argument<string[]>("resources") { Description = "KIND NAME…, KIND/NAME…, or KIND for all of it: pod/web-0, deploy shop-api, nodes.", Arity = ArgumentArity.OneOrMore };
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "The namespace; default where none is named." };
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "All namespaces." };
        var selector = new Option<string?>("--selector", "-l") { Description = "A label selector." };
        var command = new Command("describe", "Print objects for people to read, with their events.") { what, @namespace, all, selector };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = context.Connect();
            var where = parsed.GetValue(all) ? null : parsed.GetValue(@namespace) ?? client.Namespace;
            var described = new List<string>();
            foreach (var (resource, name) in NamedObjects.Read(client, parsed.GetRequiredValue(what)))
            {
                var objects = name is null ? await client.ListAsync(resource, where, parsed.GetValue(selector), cancellation) : [await client.GetAsync(resource, where, name, cancellation)];
                foreach (var one in objects)
                    described.Add(await DescribeAsync(client, resource, one, context.Process.Clock, cancellation));
            }
            if (described.Count == 0)
                await context.Error.WriteLineAsync(where is null ? "No resources found" : $"No resources found in {where} namespace.");
            await context.Output.WriteAsync(string.Join("\n\n", described));
            return 0;
        });
        return command;
    }

    private static async Task<string> DescribeAsync(KubeClient client, KubeResource resource, JsonElement found, TimeProvider clock, CancellationToken cancellation)
    {
        // What is in a list does not say its kind.
        var @object = found.ToObject();
        @object["kind"] ??= resource.Kind;
        var metadata = found.At("metadata");
        var events = await client.ListAsync(client.Resource("events"), metadata.At("namespace").Text() ?? "default", null, cancellation);
        return ObjectDescriber.Describe(
            @object.ToElement(),
            [.. events.Where(told => told.At("involvedObject", "name").Text() == metadata.At("name").Text() && told.At("involvedObject", "kind").Text() == resource.Kind)
                .OrderBy(When).ThenBy(told => told.At("metadata", "name").Text(""), StringComparer.Ordinal)],
            clock.GetUtcNow());
    }

    // Some events tell the second, others the microsecond; their names grow with time.
    private static DateTimeOffset? When(JsonElement told) => told.At("lastTimestamp").Time() ?? (told.At("eventTime").Time() is { } time ? time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond)) : null);
}
