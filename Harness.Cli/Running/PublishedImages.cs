using System.Text.Json.Nodes;
using ClusterSim.Manifests;
using ClusterSim.Nodes.Images;
using Harness.Commands;
using Harness.Configuration;
using Harness.Kube;

namespace Harness.Running;

/// <summary>
/// The images of harness.yaml: the publish folder of each project with the configuration of its Dockerfile. An image has the reference that
/// the manifests use, and one that ends in the hash of its content, so that a rebuilt service is another image and rolls out.
/// </summary>
internal sealed class PublishedImages
{
    private const int HashLength = 12;

    private readonly Dictionary<string, FolderImage> _images;

    private PublishedImages(Dictionary<string, FolderImage> images) => _images = images;

    /// <summary>Returns the images as they are published now; an image whose project is not published is absent.</summary>
    public static PublishedImages Find(HarnessFolder folder, HarnessYaml harness)
    {
        var images = new Dictionary<string, FolderImage>(StringComparer.Ordinal);
        foreach (var image in harness.Images)
            if (folder.FindPublished(image.ProjectName) is { } published)
                images[image.Reference] = Read(published, image, harness.Root);
        return new PublishedImages(images);
    }

    /// <summary>Returns the images as they are published now.</summary>
    /// <exception cref="CommandException">A project is not published.</exception>
    public static PublishedImages Require(HarnessFolder folder, HarnessYaml harness)
    {
        var missing = harness.Images.Where(image => folder.FindPublished(image.ProjectName) is null).ToList();
        return missing.Count == 0 ? Find(folder, harness) : throw new CommandException(string.Join('\n', missing.Select(image =>
            $"{HarnessYaml.FileName}: images.{image.Reference}: {image.Project} is not published: {folder.HowToPublish(image.Project, image.ProjectName)}")));
    }

    /// <summary>Adds the images to the nodes of a cluster.</summary>
    public void AddTo(ImageStore store)
    {
        foreach (var (reference, image) in _images)
        {
            store.Add(reference, image);
            store.Add(ContentReference(reference, image), image);
        }
    }

    /// <summary>Returns the image of a complete reference with a content tag; null where that content is not published now.</summary>
    public FolderImage? Find(string reference)
    {
        foreach (var (name, image) in _images)
            if (ImageStore.Normalize(ContentReference(name, image)) == reference)
                return image;
        return null;
    }

    /// <summary>Changes the images of a workload that are published here to the references of their content.</summary>
    public void UseContentTags(JsonObject @object)
    {
        foreach (var container in PodTemplate.Find(@object)?.Containers ?? [])
            if ((string?)container["image"] is { } reference && _images.TryGetValue(reference, out var image))
                container["image"] = ContentReference(reference, image);
    }

    private static FolderImage Read(string published, ProjectImage image, string root)
    {
        try
        {
            return new FolderImage(published, image.Assembly, Dockerfile.Read(File.ReadAllText(Path.Combine(root, image.Dockerfile))));
        }
        catch (FileNotFoundException)
        {
            throw new CommandException(
                $"{HarnessYaml.FileName}: images.{image.Reference}: {published} has no {image.Assembly}; where the program's assembly has another name than the project, add: assembly: NAME.dll");
        }
    }

    private static string ContentReference(string reference, FolderImage image) => $"{reference}-{image.Digest["sha256:".Length..][..HashLength]}";
}
