using System.Text;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Applies strategic merge patches to the resources that they name: <c>patchesStrategicMerge</c>.</summary>
internal sealed class PatchStrategicMergeTransformer : ITransformer
{
    private readonly IReadOnlyList<Resource> _patches;

    /// <param name="paths">Files, or patches themselves.</param>
    /// <param name="inline">More patches as text.</param>
    /// <param name="place">The place of the configuration, for messages.</param>
    /// <param name="loader">Reads the files.</param>
    /// <param name="factory">Makes the patches.</param>
    public PatchStrategicMergeTransformer(IReadOnlyList<string> paths, string inline, string place, FileLoader loader, ResourceFactory factory)
    {
        var patches = new List<Resource>();
        foreach (var (path, at) in paths.Select((path, at) => (path, at)))
        {
            try
            {
                patches.AddRange(path.Contains('\n', StringComparison.Ordinal) || path.StartsWith('{')
                    ? factory.Read(Encoding.UTF8.GetBytes(path), $"{place}[{at}]")
                    : factory.Read(loader.Load(path), $"{place}[{at}] ({path})"));
            }
            catch (KustomizeException ex) when (!ex.Message.StartsWith(place, StringComparison.Ordinal))
            {
                throw ex.At($"{place}[{at}]");
            }
        }
        if (inline.Length > 0)
            patches.AddRange(factory.Read(Encoding.UTF8.GetBytes(inline), place));
        if (patches.Count == 0)
            throw new KustomizeException($"{place}: no patch is given");
        _patches = patches;
    }

    public static PatchStrategicMergeTransformer Configure(FieldReader config, FileLoader loader, ResourceFactory factory) =>
        new(config.Texts("paths"), config.Text("patches"), config.Place, loader, factory);

    public void Transform(ResMap resources)
    {
        foreach (var patch in _patches)
            PatchTransformer.ApplyTo(resources, patch, [PatchTransformer.FindTarget(resources, patch)]);
    }
}
