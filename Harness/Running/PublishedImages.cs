using System.Text.Json.Nodes;
using ClusterSim.Manifests;
using ClusterSim.Nodes.Images;

namespace Harness.Running;

/// <summary>
/// The images of this checkout: each service's publish folder with its Dockerfile's configuration. They go by the tag that the manifests
/// name, and by one that ends in their content's hash, so that a rebuilt service is another image and rolls out.
/// </summary>
internal sealed class PublishedImages
{
    private const string Tag = "1.0.0";
    private const int HashLength = 12;

    private static readonly (string Repository, string Project)[] Services = [("invoice-app", "InvoiceApp"), ("payment-provider", "PaymentProvider")];

    private readonly Dictionary<string, FolderImage> _images;

    private PublishedImages(Dictionary<string, FolderImage> images) => _images = images;

    /// <summary>The images as they are published now.</summary>
    public static PublishedImages Find(HarnessFolder folder)
    {
        var images = new Dictionary<string, FolderImage>(StringComparer.Ordinal);
        foreach (var (repository, project) in Services)
        {
            var published = Path.Combine(folder.Images, repository);
            if (!Directory.Exists(published))
                continue;
            // Through the link to the newest build, to the build itself: that one does not change.
            var build = new DirectoryInfo(folder.Images).ResolveLinkTarget(returnFinalTarget: true) is { } target ? Path.Combine(target.FullName, repository) : published;
            images[repository] = new FolderImage(build, project + ".dll", Dockerfile.Read(File.ReadAllText(Path.Combine(folder.Root, project, "Dockerfile"))));
        }
        return new PublishedImages(images);
    }

    /// <summary>Puts the images on a cluster's nodes.</summary>
    public void AddTo(ImageStore store)
    {
        foreach (var (repository, image) in _images)
        {
            store.Add($"{repository}:{Tag}", image);
            store.Add($"{repository}:{TagOf(image)}", image);
        }
    }

    /// <summary>The image of a complete reference with a content tag; null where it is not what is published now.</summary>
    public FolderImage? Find(string reference)
    {
        foreach (var (repository, image) in _images)
            if (reference == $"docker.io/library/{repository}:{TagOf(image)}")
                return image;
        return null;
    }

    /// <summary>Names, in a workload, the images published here by their content.</summary>
    public void UseContentTags(JsonObject @object)
    {
        if (PodSpecs.Of(@object) is not { } podSpec)
            return;
        foreach (var container in PodSpecs.Containers(podSpec))
            if ((string?)container["image"] is { } reference && reference.Split(':') is [var repository, Tag] && _images.TryGetValue(repository, out var image))
                container["image"] = $"{repository}:{TagOf(image)}";
    }

    private static string TagOf(FolderImage image) => $"{Tag}-{image.Digest["sha256:".Length..][..HashLength]}";
}
