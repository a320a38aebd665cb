using ClusterSim.Access;

namespace Harness.Running;

/// <summary>
/// The kubeconfig files of others into which contexts of the running cluster were merged. They are taken out again when the cluster ends, and only
/// those that still lead to it.
/// </summary>
internal sealed class MergedKubeconfigs(string listFile)
{
    /// <summary>The cluster's name in kubeconfig files.</summary>
    public const string ClusterName = "cluster-sim";

    /// <summary>Remembers a file, and which server its contexts are for.</summary>
    public void Remember(string path, Uri server)
    {
        var line = $"{server}\t{path}";
        var lines = File.Exists(listFile) ? File.ReadAllLines(listFile) : [];
        if (!lines.Contains(line))
            File.WriteAllLines(listFile, [.. lines, line]);
    }

    /// <summary>Takes the contexts out of every file; a file that cannot be read or written is told of and left as it is.</summary>
    public void TakeOut(Action<string> tell)
    {
        if (!File.Exists(listFile))
            return;
        foreach (var line in File.ReadAllLines(listFile))
            if (line.Split('\t', 2) is [var server, var path] && File.Exists(path))
                try
                {
                    var before = File.ReadAllText(path);
                    if (!KubeconfigFile.HasCluster(before, ClusterName, new Uri(server)))
                        continue;
                    KubeconfigFile.Save(path, KubeconfigFile.Remove(before, ClusterName));
                    tell($"took this cluster's contexts out of {path}");
                }
                catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or UriFormatException)
                {
                    tell($"this cluster's contexts are still in {path}: {failure.Message}");
                }
        File.Delete(listFile);
    }
}
