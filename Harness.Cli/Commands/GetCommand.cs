using System.CommandLine;
using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary><c>harness get</c>: for those without kubectl; prints what it prints.</summary>
internal static class GetCommand
{
    private const int Gap = 3;
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, IndentSize = 4, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(CommandContext context)
    {
        var what = new Argument<string[]>("resources") { Description = "KIND, KIND,KIND, KIND NAME… or KIND/NAME…: pods, po,svc, deploy shop-api, pod/web-0.", Arity = ArgumentArity.OneOrMore };
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "The namespace; default where none is named." };
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "All namespaces." };
        var selector = new Option<string?>("--selector", "-l") { Description = "A label selector." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on with every change, until Ctrl-C." };
        var output = new Option<string?>("--output", "-o") { Description = "wide, yaml, json or name; a table where not given." };
        var managed = new Option<bool>("--show-managed-fields") { Description = "With yaml and json: metadata.managedFields too." };
        output.AcceptOnlyFromAmong("wide", "name", "json", "yaml");
        var command = new Command("get", "Print objects of the running cluster, as kubectl get does.") { what, @namespace, all, selector, watch, output, managed };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = context.Connect();
            var asked = NamedObjects.Read(client, parsed.GetRequiredValue(what));
            var where = parsed.GetValue(all) ? null : parsed.GetValue(@namespace) ?? client.Namespace;
            var query = new Query(asked, where, parsed.GetValue(selector), parsed.GetValue(output), parsed.GetValue(all), parsed.GetValue(managed));
            if (parsed.GetValue(watch))
                return await WatchAsync(context, client, query, cancellation);
            if (query.Form is "json" or "yaml" or "name")
                await context.Output.WriteAsync(await ObjectsAsync(client, query, cancellation));
            else if (await TablesAsync(client, query, cancellation) is { Length: > 0 } tables)
                await context.Output.WriteAsync(tables);
            else
                await context.Error.WriteLineAsync(where is null || asked.All(one => !one.Resource.Namespaced) ? "No resources found" : $"No resources found in {where} namespace.");
            return 0;
        });
        return command;
    }

    /// <summary>What is asked for.</summary>
    private sealed record Query(IReadOnlyList<(KubeResource Resource, string? Name)> Asked, string? Namespace, string? Selector, string? Form, bool IsAll, bool WithManagedFields);

    private static async Task<string> TablesAsync(KubeClient client, Query query, CancellationToken cancellation)
    {
        var tables = new List<string>();
        var kinds = query.Asked.GroupBy(one => one.Resource.QualifiedSingular).ToList();
        foreach (var ofOne in kinds)
        {
            var found = new List<JsonElement>();
            foreach (var (resource, name) in ofOne)
                if (await client.TableAsync(resource, query.Namespace, name, query.Selector, cancellation) is var table && table.At("rows").Count() > 0)
                    found.Add(table);
            if (found.Count > 0)
                tables.Add(TablePrinter.Print(found, withNamespace: query.IsAll && ofOne.First().Resource.Namespaced, query.Form == "wide", kinds.Count > 1 ? ofOne.Key : null));
        }
        return string.Join('\n', tables);
    }

    private static async Task<string> ObjectsAsync(KubeClient client, Query query, CancellationToken cancellation)
    {
        var objects = new List<(KubeResource Resource, JsonElement Object)>();
        foreach (var (resource, name) in query.Asked)
            foreach (var one in name is null ? await client.ListAsync(resource, query.Namespace, query.Selector, cancellation) : [await client.GetAsync(resource, query.Namespace, name, cancellation)])
                objects.Add((resource, one));
        if (query.Form == "name")
            return string.Concat(objects.Select(one => $"{one.Resource.QualifiedSingular}/{one.Object.At("metadata", "name").Text()}\n"));
        var whole = query.Asked is [{ Name: not null }] && objects.Count == 1
            ? Complete(objects[0].Resource, objects[0].Object, query.WithManagedFields).ToElement()
            : KubeJson.Object(
                ("apiVersion", "v1"), ("items", new System.Text.Json.Nodes.JsonArray([.. objects.Select(one => Complete(one.Resource, one.Object, query.WithManagedFields))])),
                ("kind", "List"), ("metadata", KubeJson.Object(("resourceVersion", "")))).ToElement();
        return query.Form == "yaml" ? YamlPrinter.Print(whole) : JsonSerializer.Serialize(whole, Readable) + "\n";
    }

    // What comes in a list does not say its type.
    private static System.Text.Json.Nodes.JsonObject Complete(KubeResource resource, JsonElement item, bool withManagedFields)
    {
        var @object = item.ToObject();
        if (!withManagedFields)
            (@object["metadata"] as System.Text.Json.Nodes.JsonObject)?.Remove("managedFields");
        @object["kind"] ??= resource.Kind;
        @object["apiVersion"] ??= resource.GroupVersion;
        return @object;
    }

    /// <summary>The rows as they are, then each as it changes.</summary>
    private static async Task<int> WatchAsync(CommandContext context, KubeClient client, Query query, CancellationToken cancellation)
    {
        if (query.Asked.Count != 1 || query.Form is "json" or "yaml")
            throw new CommandException("--watch watches one kind, or one object of it, and prints rows or names");
        var (resource, name) = query.Asked[0];
        var widths = Array.Empty<int>();
        try
        {
            await foreach (var (type, table) in client.WatchTableAsync(resource, query.Namespace, name, query.Selector, cancellation))
            {
                if (query.Form == "name")
                {
                    foreach (var row in table.At("rows").Items())
                        await context.Output.WriteLineAsync($"{resource.QualifiedSingular}/{row.At("object", "metadata").At("name").Text()}");
                    continue;
                }
                var lines = TablePrinter.Rows([table], query.IsAll && resource.Namespaced, query.Form == "wide");
                var isFirst = widths.Length == 0;
                if (isFirst)
                    widths = [.. Enumerable.Range(0, lines[0].Count).Select(column => lines.Max(line => line[column].Length) + Gap)];
                foreach (var line in isFirst ? lines : lines.Skip(1))
                    await context.Output.WriteLineAsync(string.Concat(line.Select((cell, column) => column == line.Count - 1 ? cell : cell.PadRight(Math.Max(widths[column], cell.Length + Gap)))).TrimEnd());
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl-C: what ends a watch.
        }
        return 0;
    }
}
