using System.Text.Json;
using ClusterSim.Client;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Files;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Volumes;

/// <summary>
/// A pod's volumes as folders of this machine. What they refer to is checked before the pod starts; files are written when a process first
/// asks for a path inside, so that pods that never do (ten thousand of <c>pause</c>) cost no file at all.
/// </summary>
internal sealed class PodVolumes(ApiClient client, VolumeSources sources, NodeFolders folders, VolumeWatchers watchers, Document pod, TimeProvider clock)
{
    // The kubelet renews a token after 80 % of its life, and each after a day; so do the files, when they are next asked for.
    private const double TokenFreshness = 0.8;
    private const int TokenDefaultSeconds = 3600;
    private static readonly TimeSpan TokenFreshMax = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, AtomicFolder> _made = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);
    private volatile Document _pod = pod;
    private PodFields? _fields;

    /// <summary>The folders of the cluster's nodes.</summary>
    public NodeFolders Folders { get; } = folders;

    /// <summary>The uid of the pod.</summary>
    public string Uid { get; } = pod.Uid;

    /// <summary>What the pod uses of the node's disk.</summary>
    public required PodStorage Storage { get; init; }

    /// <summary>Checks every volume: what it refers to is there, and the simulator knows its type.</summary>
    /// <exception cref="VolumeException">It is not.</exception>
    public void Check()
    {
        foreach (var volume in _pod.Spec.At("volumes").Items())
        {
            var name = volume.At("name").Text("");
            switch (TypeOf(volume))
            {
                case "emptyDir":
                    break;
                case "configMap" or "secret" or "downwardAPI" or "projected":
                    sources.Files(_pod, volume, null);
                    break;
                case "persistentVolumeClaim" or "ephemeral":
                    ClaimedVolume(volume);
                    break;
                case "hostPath" when Folders.HostPathsAllowed:
                    break;
                case "hostPath":
                    throw new VolumeException(name, $"hostPath {volume.At("hostPath", "path").Text("")}: the simulator gives pods nothing of this machine unless its options allow host paths");
                case var other:
                    throw new VolumeException(name, $"volumes of type {other} are not supported by the simulator");
            }
        }
    }

    /// <summary>Makes the pod's fields known, its address among them: from now on its files may be written.</summary>
    public void SetFields(PodFields fields) => _fields = fields;

    /// <summary>The folder (or device, in time) of a volume, written if it was not.</summary>
    /// <exception cref="VolumeException">What it is made of vanished meanwhile.</exception>
    public FileTree Open(string name)
    {
        var volume = Volume(name);
        switch (TypeOf(volume))
        {
            case "emptyDir":
                return Folders.OfVolume(Uid, name);
            case "persistentVolumeClaim" or "ephemeral":
                return Folders.OfPersistentVolume(ClaimedVolume(volume));
            case "hostPath":
                return Folders.OfHost(volume.At("hostPath", "path").Text("/"));
            default:
                return Write(name, volume);
        }
    }

    /// <summary>The space that programs may use in a volume; null where that is not counted.</summary>
    /// <exception cref="VolumeException">Its claim is not bound any more.</exception>
    public DiskQuota? QuotaOf(string name)
    {
        var volume = Volume(name);
        return TypeOf(volume) switch
        {
            "emptyDir" => Storage.OfEmptyDir(name, volume.At("emptyDir")),
            "persistentVolumeClaim" or "ephemeral" => Folders.QuotaOfPersistentVolume(
                ClaimedVolume(volume), ResourceLimits.BytesOf(ClaimOf(volume).Status.At("capacity", "storage"), long.MaxValue)),
            _ => null,
        };
    }

    /// <summary>
    /// A real program was given a path into a volume: its files stay for a while after they were replaced, as nothing but their path leads to them.
    /// </summary>
    public void Share(string name)
    {
        lock (_lock)
            if (_made.TryGetValue(name, out var folder))
                folder.KeepsReplaced = true;
    }

    /// <summary>Whether a volume holds what API objects say: a ConfigMap, a Secret, the downward API, a projection.</summary>
    public bool IsMadeOfObjects(string name) => TypeOf(Volume(name)) is "configMap" or "secret" or "downwardAPI" or "projected";

    /// <summary>Whether nobody may write into a volume, whatever the mount says.</summary>
    public bool IsReadOnly(string name) => IsMadeOfObjects(name) || Volume(name).At("persistentVolumeClaim", "readOnly").Flag(false);

    /// <summary>The pod changed: its labels and annotations may be in files.</summary>
    public void Update(Document pod)
    {
        _pod = pod;
        Rewrite(volume => volume.At("downwardAPI").Exists() || volume.At("projected").Exists());
    }

    /// <summary>A ConfigMap or Secret of the pod's namespace changed: the files made of it change too.</summary>
    public void SourceChanged(bool isConfigMap, string name) =>
        Rewrite(volume => VolumeSources.ReferencesOf(volume).Contains((isConfigMap, name)));

    /// <summary>Removes the pod's files; persistent volumes stay.</summary>
    public void Remove()
    {
        lock (_lock)
        {
            foreach (var volume in _pod.Spec.At("volumes").Items().Where(volume => _made.ContainsKey(volume.At("name").Text(""))))
                foreach (var (isConfigMap, source) in VolumeSources.ReferencesOf(volume))
                    watchers.Remove(isConfigMap, new ObjectKey(_pod.Namespace, source), this);
            _made.Clear();
        }
        Folders.RemovePod(Uid);
    }

    private JsonElement Volume(string name) => _pod.Spec.At("volumes").Items().FirstOrDefault(volume => volume.At("name").Text() == name);

    private void Rewrite(Func<JsonElement, bool> concerns)
    {
        lock (_lock)
        {
            if (_made.Count == 0)
                return;
            foreach (var volume in _pod.Spec.At("volumes").Items())
            {
                if (!_made.TryGetValue(volume.At("name").Text(""), out var folder) || !concerns(volume))
                    continue;
                try
                {
                    folder.Write(sources.Files(_pod, volume, _fields));
                }
                catch (Exception gone) when (gone is VolumeException or KubernetesApiException)
                {
                    // As on a real node: what the files are made of went away, and the files stay as they were.
                }
            }
        }
    }

    private FileTree Write(string name, JsonElement volume)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (_made.TryGetValue(name, out var folder) && !(FreshnessOf(volume) is { } fresh && now - _tokens[name] > fresh))
                return folder.Tree;
            folder ??= new AtomicFolder(Folders.OfVolume(Uid, name), clock);
            folder.Write(sources.Files(_pod, volume, _fields ?? throw new InvalidOperationException($"volume {name} of pod {_pod.Key} was opened before the pod had an address")));
            if (_made.TryAdd(name, folder))
                foreach (var (isConfigMap, source) in VolumeSources.ReferencesOf(volume))
                    watchers.Add(isConfigMap, new ObjectKey(_pod.Namespace, source), this);
            _tokens[name] = now;
            return folder.Tree;
        }
    }

    /// <summary>How long the shortest lived token of a volume is not renewed; null where it has none.</summary>
    private static TimeSpan? FreshnessOf(JsonElement volume)
    {
        TimeSpan? shortest = null;
        foreach (var token in volume.At("projected", "sources").Items().Select(source => source.At("serviceAccountToken")).Where(token => token.Exists()))
        {
            var fresh = TimeSpan.FromSeconds(token.At("expirationSeconds").Integer(TokenDefaultSeconds) * TokenFreshness);
            shortest = fresh < (shortest ?? TokenFreshMax) ? fresh : shortest ?? TokenFreshMax;
        }
        return shortest;
    }

    private string ClaimedVolume(JsonElement volume)
    {
        var name = volume.At("name").Text("");
        var claim = ClaimOf(volume);
        var claimName = claim.Name;
        if (claim.Spec.At("volumeName").Text("") is { Length: > 0 } volumeName && claim.Status.At("phase").Text() == "Bound")
            return NodeFolders.IsFolderName(volumeName) ? volumeName
                : throw new VolumeException(name, $"error processing PVC {_pod.Namespace}/{claimName}: failed to fetch PV {volumeName} from API server: it is no name of a PersistentVolume");
        throw new VolumeException(name, $"error processing PVC {_pod.Namespace}/{claimName}: PVC is not bound");
    }

    private Document ClaimOf(JsonElement volume)
    {
        var name = volume.At("name").Text("");
        var claimName = volume.At("persistentVolumeClaim", "claimName").Text() ?? $"{_pod.Name}-{name}";
        return client.Find(client.Resource("persistentvolumeclaims"), new ObjectKey(_pod.Namespace, claimName))
            ?? throw new VolumeException(name, $"error processing PVC {_pod.Namespace}/{claimName}: failed to fetch PVC from API server: persistentvolumeclaims \"{claimName}\" not found");
    }

    private static string TypeOf(JsonElement volume)
    {
        foreach (var field in volume.Fields())
            if (field.Name != "name" && field.Value.Exists())
                return field.Name;
        return "emptyDir";
    }
}
