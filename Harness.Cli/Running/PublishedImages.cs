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

    /// <summary>Returns the images as they are published now; an image whose project is not published is left out.</summary>
    public static PublishedImages Find(HarnessFolder folder, HarnessYaml harness)
    {
        var images = new Dictionary<string, FolderImage>(StringComparer.Ordinal);
        foreach (var image in harness.Images)
            if (Missing(folder, image) is null)
                images[image.Reference] = new FolderImage(
                    folder.FindPublished(image.ProjectName)!, image.Assembly, Dockerfile.Read(File.ReadAllText(Path.Combine(harness.Root, image.Dockerfile))));
        return new PublishedImages(images);
    }

    /// <summary>Checks that the project of every image is published. Reads no content, so that it may come before anything is started.</summary>
    /// <exception cref="CommandException">A project is not published; the message has every one, with the command that publishes it.</exception>
    public static void Require(HarnessFolder folder, HarnessYaml harness)
    {
        var missing = harness.Images.Select(image => Missing(folder, image)).OfType<string>().ToList();
        if (missing.Count > 0)
            throw new CommandException(string.Join('\n', missing));
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

    private static string? Missing(HarnessFolder folder, ProjectImage image)
    {
        var place = $"{HarnessYaml.FileName}: images.{image.Reference}";
        if (folder.FindPublished(image.ProjectName) is not { } published)
            return $"{place}: {image.Project} is not published: {folder.HowToPublish(image.Project, image.ProjectName)}";
        return File.Exists(Path.Combine(published, image.Assembly))
            ? null
            : $"{place}: {published} has no {image.Assembly}; where the program's assembly has another name than the project, add: assembly: NAME.dll";
    }

    private static string ContentReference(string reference, FolderImage image) => $"{reference}-{image.Digest["sha256:".Length..][..HashLength]}";
}
