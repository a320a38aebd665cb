using System.Globalization;
using System.Text;
using System.Text.Json;
using ClusterSim.Client;
using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Volumes;

/// <summary>What the volumes that are made of API objects hold: ConfigMaps, Secrets, the downward API, tokens, and projections of these.</summary>
/// <param name="client">The API as the pod's node.</param>
/// <param name="tokens">Where tokens come from.</param>
internal sealed class VolumeSources(ApiClient client, ITokenSource tokens)
{
    private const int ModeDefault = 0x1a4; // 0644

    /// <summary>The files of a volume.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="volume">The volume in its spec.</param>
    /// <param name="fields">The pod's fields; null before the pod has an address, when only presence is checked and tokens are not asked for.</param>
    /// <exception cref="VolumeException">Something it refers to is not there.</exception>
    public Dictionary<string, VolumeFile> Files(Document pod, JsonElement volume, PodFields? fields)
    {
        var files = new Dictionary<string, VolumeFile>(StringComparer.Ordinal);
        var name = volume.At("name").Text("");
        if (volume.At("configMap") is { ValueKind: JsonValueKind.Object } map)
            Keys(pod, name, map, map.At("name").Text(""), "configmap", Mode(map), files);
        else if (volume.At("secret") is { ValueKind: JsonValueKind.Object } secret)
            Keys(pod, name, secret, secret.At("secretName").Text(""), "secret", Mode(secret), files);
        else if (volume.At("downwardAPI") is { ValueKind: JsonValueKind.Object } downward)
            Downward(pod, name, downward, fields, Mode(downward), files);
        else
            Projected(pod, name, volume.At("projected"), fields, files);
        return files;
    }

    /// <summary>The names of the ConfigMaps (true) and Secrets (false) a volume is made of.</summary>
    public static IEnumerable<(bool IsConfigMap, string Name)> ReferencesOf(JsonElement volume)
    {
        foreach (var source in volume.At("projected", "sources").Items().Append(volume))
        {
            if (source.At("configMap").Exists())
                yield return (true, source.At("configMap", "name").Text(""));
            if (source.At("secret").Exists())
                yield return (false, source.At("secret", "secretName").Text() ?? source.At("secret", "name").Text(""));
        }
    }

    private void Projected(Document pod, string volume, JsonElement projected, PodFields? fields, Dictionary<string, VolumeFile> files)
    {
        var mode = Mode(projected);
        foreach (var source in projected.At("sources").Items())
        {
            if (source.At("configMap") is { ValueKind: JsonValueKind.Object } map)
                Keys(pod, volume, map, map.At("name").Text(""), "configmap", mode, files);
            else if (source.At("secret") is { ValueKind: JsonValueKind.Object } secret)
                Keys(pod, volume, secret, secret.At("name").Text(""), "secret", mode, files);
            else if (source.At("downwardAPI") is { ValueKind: JsonValueKind.Object } downward)
                Downward(pod, volume, downward, fields, mode, files);
            else if (source.At("serviceAccountToken") is { ValueKind: JsonValueKind.Object } token)
                Token(pod, volume, token, fields, files);
            else
                throw new VolumeException(volume, $"projected volume source {source.Fields().FirstOrDefault().Name} is not supported by the simulator");
        }
    }

    private void Token(Document pod, string volume, JsonElement token, PodFields? fields, Dictionary<string, VolumeFile> files)
    {
        var account = pod.Spec.At("serviceAccountName").Text("default");
        if (client.Find(client.Resource("serviceaccounts"), new ObjectKey(pod.Namespace, account)) is null)
            throw new VolumeException(volume, $"failed to fetch token: serviceaccounts \"{account}\" not found");
        if (fields is null)
            return;
        var text = tokens.Issue(client, pod, token.At("audience").Text(""), token.At("expirationSeconds").Integer() ?? 3600);
        files[token.At("path").Text("token")] = new VolumeFile(Encoding.UTF8.GetBytes(text), 0x180);
    }

    private static void Downward(Document pod, string volume, JsonElement source, PodFields? fields, int mode, Dictionary<string, VolumeFile> files)
    {
        foreach (var item in source.At("items").Items())
        {
            try
            {
                var text = item.At("fieldRef").Exists()
                    ? (fields ?? new PodFields(pod, "", "", "0", "0")).Field(item.At("fieldRef", "fieldPath").Text(""))
                    : (fields ?? new PodFields(pod, "", "", "0", "0")).ResourceField(item.At("resourceFieldRef"), default);
                files[item.At("path").Text("")] = new VolumeFile(Encoding.UTF8.GetBytes(text), item.At("mode").Integer(mode));
            }
            catch (ContainerConfigException wrong)
            {
                throw new VolumeException(volume, wrong.Message);
            }
        }
    }

    private void Keys(Document pod, string volume, JsonElement source, string name, string word, int mode, Dictionary<string, VolumeFile> files)
    {
        var isMap = word == "configmap";
        var optional = source.At("optional").Flag(false);
        if (client.Find(client.Resource(isMap ? "configmaps" : "secrets"), new ObjectKey(pod.Namespace, name)) is not { } found)
        {
            if (optional)
                return;
            throw new VolumeException(volume, $"{word} \"{name}\" not found");
        }
        var data = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var field in found.Root.At("data").Fields())
            data[field.Name] = isMap ? Encoding.UTF8.GetBytes(field.Value.Text("")) : Convert.FromBase64String(field.Value.Text(""));
        foreach (var field in found.Root.At("binaryData").Fields())
            data[field.Name] = Convert.FromBase64String(field.Value.Text(""));
        if (!source.At("items").Exists())
        {
            foreach (var (key, content) in data)
                files[key] = new VolumeFile(content, mode);
            return;
        }
        foreach (var item in source.At("items").Items())
        {
            var key = item.At("key").Text("");
            if (data.TryGetValue(key, out var content))
                files[item.At("path").Text(key)] = new VolumeFile(content, item.At("mode").Integer(mode));
            else if (!optional)
                throw new VolumeException(volume, string.Create(CultureInfo.InvariantCulture, $"references non-existent {(isMap ? "config" : "secret")} key: {key}"));
        }
    }

    private static int Mode(JsonElement source) => source.At("defaultMode").Integer(ModeDefault);
}
