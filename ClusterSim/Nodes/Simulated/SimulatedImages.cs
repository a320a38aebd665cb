using ClusterSim.Nodes.Images;

namespace ClusterSim.Nodes.Simulated;

/// <summary>The images every simulated node has, so that manifests and tests of others run as they are.</summary>
internal static class SimulatedImages
{
    private static readonly string[] Tags = ["latest", "1", "stable", "alpine"];

    /// <summary>Puts them all on the nodes, under the names and tags in common use.</summary>
    public static void AddTo(ImageStore images)
    {
        images.StubOf = reference => new StubImage(reference);
        AddAll(images, BusyboxImage.Create(), "busybox", [.. Tags, "1.28", "1.35", "1.36", "1.36.1", "1.37"]);
        AddAll(images, WebServerImages.Nginx(), "nginx", [.. Tags, "1.7.9", "1.14", "1.14.2", "1.16.1", "1.21", "1.25", "1.27", "1.29"]);
        AddAll(images, WebServerImages.Httpd(), "httpd", [.. Tags, "2", "2.4", "2.4-alpine"]);
        AddAll(images, PauseImage.Create(), "registry.k8s.io/pause", ["latest", "2.0", "3.1", "3.5", "3.6", "3.8", "3.9", "3.10", "3.10.1"]);
        AddAll(images, AgnhostImage.Create(), "registry.k8s.io/e2e-test-images/agnhost", ["latest", "2.33", "2.39", "2.40", "2.43", "2.45", "2.47", "2.52", "2.53", "2.55", "2.56", "2.57"]);
        AddAll(images, BusyboxImage.Create(), "registry.k8s.io/e2e-test-images/busybox", ["1.29-4", "1.36.1-1", "1.37.0-1"]);
        AddAll(images, WebServerImages.Nginx(), "registry.k8s.io/e2e-test-images/nginx", ["1.14-4", "1.15-4"]);
        AddAll(images, WebServerImages.Httpd(), "registry.k8s.io/e2e-test-images/httpd", ["2.4.38-4", "2.4.39-4"]);
    }

    private static void AddAll(ImageStore images, Image image, string name, IReadOnlyList<string> tags)
    {
        foreach (var tag in tags)
            images.Add($"{name}:{tag}", image);
    }
}
