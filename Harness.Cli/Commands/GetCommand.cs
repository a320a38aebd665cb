using System.CommandLine;
using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary><c>harness get</c>: for those without kubectl; prints what it prints.</summary>
internal static class GetCommand
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    public static Command Create(CommandContext context)
    {
        var kinds = new Argument<string>("resources") { Description = "What to list: pods, deployments, svc, pods,svc …" };
        var name = new Argument<string?>("name") { Description = "One object.", Arity = ArgumentArity.ZeroOrOne };
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "The namespace; default where none is named." };
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "All namespaces." };
        var selector = new Option<string?>("--selector", "-l") { Description = "A label selector." };
        var output = new Option<string?>("--output", "-o") { Description = "wide, name or json; a table where not given." };
        output.AcceptOnlyFromAmong("wide", "name", "json");
        var command = new Command("get", "Print objects of the running cluster, as kubectl get does.") { kinds, name, @namespace, all, selector, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = context.Connect();
            var form = parsed.GetValue(output);
            var resources = parsed.GetRequiredValue(kinds).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(client.Resource).ToList();
            var where = parsed.GetValue(all) ? null : parsed.GetValue(@namespace) ?? client.Namespace;
            var found = false;
            foreach (var resource in resources)
            {
                var text = form is "json" or "name"
                    ? await ObjectsAsync(client, resource, where, parsed.GetValue(name), parsed.GetValue(selector), form, cancellation)
                    : await TableAsync(client, resource, where, parsed.GetValue(name), parsed.GetValue(selector), parsed.GetValue(all), form == "wide", cancellation);
                if (text.Length == 0)
                    continue;
                if (found && form is null or "wide")
                    await context.Output.WriteLineAsync();
                found = true;
                await context.Output.WriteAsync(text);
            }
            if (!found)
                await context.Error.WriteLineAsync(where is null ? "No resources found" : $"No resources found in {where} namespace.");
            return 0;
        });
        return command;
    }

    private static async Task<string> TableAsync(
        KubeClient client, KubeResource resource, string? where, string? name, string? selector, bool all, bool wide, CancellationToken cancellation)
    {
        var table = await client.TableAsync(resource, where, name, selector, cancellation);
        return table.At("rows").Count() == 0 ? "" : TablePrinter.Print(table, withNamespace: all && resource.Namespaced, wide);
    }

    private static async Task<string> ObjectsAsync(
        KubeClient client, KubeResource resource, string? where, string? name, string? selector, string form, CancellationToken cancellation)
    {
        var objects = name is null ? await client.ListAsync(resource, where, selector, cancellation) : [await client.GetAsync(resource, where, name, cancellation)];
        if (form == "name")
            return string.Concat(objects.Select(@object => $"{resource.QualifiedSingular}/{@object.At("metadata", "name").Text()}\n"));
        return (name is null
            ? JsonSerializer.Serialize(new { apiVersion = "v1", kind = "List", items = objects }, Readable)
            : JsonSerializer.Serialize(objects[0], Readable)) + "\n";
    }
}
