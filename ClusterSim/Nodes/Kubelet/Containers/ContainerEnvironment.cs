using System.Text;
using System.Text.Json;
using ClusterSim.Client;
using ClusterSim.Nodes.Images;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// A container's environment variables, made as the kubelet makes them (<c>makeEnvironmentVariables</c>): the image's, those of the
/// Services, <c>envFrom</c>, <c>env</c> with <c>$(NAME)</c> expanded.
/// </summary>
internal sealed class ContainerEnvironment(ApiClient client, Document pod, PodFields fields)
{
    private readonly ResourceType _configMaps = client.Resource("configmaps");
    private readonly ResourceType _secrets = client.Resource("secrets");

    /// <summary>The variables of <paramref name="container"/>.</summary>
    /// <exception cref="ContainerConfigException">Something it refers to is not there.</exception>
    public IReadOnlyDictionary<string, string> Make(JsonElement container, ImageConfiguration image)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
        foreach (var (name, value) in image.Environment)
            result[name] = value;
        result["HOSTNAME"] = fields.Hostname;
        var services = ServiceVariables.Of(client, pod);
        foreach (var source in container.At("envFrom").Items())
            From(source, result);
        foreach (var variable in container.At("env").Items())
        {
            var name = variable.At("name").Text("");
            if (ValueOf(variable, container, result, services) is not { } value)
                continue;
            services.Remove(name);
            result[name] = value;
        }
        foreach (var (name, value) in services)
            result.TryAdd(name, value);
        return result;
    }

    private string? ValueOf(JsonElement variable, JsonElement container, Dictionary<string, string> soFar, Dictionary<string, string> services)
    {
        var from = variable.At("valueFrom");
        if (!from.Exists())
        {
            var text = variable.At("value").Text("");
            return text.Contains('$', StringComparison.Ordinal) ? VariableExpansion.Expand(text, new Layered(soFar, services).Flat()) : text;
        }
        if (from.At("fieldRef") is { ValueKind: JsonValueKind.Object } field)
            return fields.Field(field.At("fieldPath").Text(""));
        if (from.At("resourceFieldRef") is { ValueKind: JsonValueKind.Object } resource)
            return fields.ResourceField(resource, container);
        if (from.At("configMapKeyRef") is { ValueKind: JsonValueKind.Object } ofMap)
            return KeyOf(ofMap, _configMaps, "configmap", "ConfigMap");
        if (from.At("secretKeyRef") is { ValueKind: JsonValueKind.Object } ofSecret)
            return KeyOf(ofSecret, _secrets, "secret", "Secret");
        throw new ContainerConfigException($"env \"{variable.At("name").Text("")}\" of pod {pod.Key}: valueFrom must be one of fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef; others are not supported by the simulator");
    }

    private string? KeyOf(JsonElement reference, ResourceType resource, string word, string kind)
    {
        var name = reference.At("name").Text("");
        var key = reference.At("key").Text("");
        var optional = reference.At("optional").Flag(false);
        if (client.Find(resource, new ObjectKey(pod.Namespace, name)) is not { } source)
            return optional ? null : throw new ContainerConfigException($"{word} \"{name}\" not found");
        if (Data(source).TryGetValue(key, out var value))
            return value;
        return optional ? null : throw new ContainerConfigException($"couldn't find key {key} in {kind} {pod.Namespace}/{name}");
    }

    private void From(JsonElement source, Dictionary<string, string> result)
    {
        var prefix = source.At("prefix").Text("");
        var (reference, resource, word) = source.At("configMapRef").Exists()
            ? (source.At("configMapRef"), _configMaps, "configmap")
            : (source.At("secretRef"), _secrets, "secret");
        var name = reference.At("name").Text("");
        if (client.Find(resource, new ObjectKey(pod.Namespace, name)) is { } found)
        {
            foreach (var (key, value) in Data(found))
                result[prefix + key] = value;
        }
        else if (!reference.At("optional").Flag(false))
        {
            throw new ContainerConfigException($"{word} \"{name}\" not found");
        }
    }

    private static IReadOnlyDictionary<string, string> Data(Document source)
    {
        if (source.Resource.Resource == "configmaps")
            return source.Root.At("data").TextMap();
        return source.Root.At("data").Fields().ToDictionary(field => field.Name, field => Encoding.UTF8.GetString(Convert.FromBase64String(field.Value.Text(""))), StringComparer.Ordinal);
    }

    private readonly record struct Layered(Dictionary<string, string> Over, Dictionary<string, string> Under)
    {
        public Dictionary<string, string> Flat()
        {
            var flat = new Dictionary<string, string>(Under, StringComparer.Ordinal);
            foreach (var (name, value) in Over)
                flat[name] = value;
            return flat;
        }
    }
}
