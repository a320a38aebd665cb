using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Gets the images of a pod's containers by their pull policies (the kubelet's <c>imageManager</c>).</summary>
internal sealed class ImagePuller(NodeContext node, PodEventRecorder events)
{
    private Dictionary<string, FailedPull>? _failures;

    /// <summary>Returns the image of a container, pulled where necessary (<c>EnsureImageExists</c>).</summary>
    /// <exception cref="ContainerStartException">There is no such image, or its pull backs off. An event is recorded.</exception>
    public (Image Image, ImageReference Reference) EnsureImageExists(PodContainer container)
    {
        var name = container.Spec.At("image").Text("");
        if (ImageReference.Parse(name, out var error) is not { } reference)
        {
            var message = $"Failed to apply default image tag \"{name}\": couldn't parse image name \"{name}\": {error}";
            events.RecordWarning(container, "InspectFailed", message);
            throw Failure("InvalidImageName", message);
        }
        var policy = container.Spec.At("imagePullPolicy").Text() ?? (reference.Tag == "latest" ? "Always" : "IfNotPresent");
        if (policy != "Always" && node.Shared.Images.FindOn(node.Name, reference) is { } present)
        {
            events.RecordNormal(container, "Pulled", $"Container image \"{name}\" already present on machine and can be accessed by the pod");
            return (present, reference);
        }
        if (policy == "Never")
        {
            var message = $"Container image \"{name}\" is not present with pull policy of Never";
            events.RecordWarning(container, "ErrImageNeverPull", message);
            throw Failure("ErrImageNeverPull", message);
        }
        return (Pull(container, name, reference), reference);
    }

    private Image Pull(PodContainer container, string name, ImageReference reference)
    {
        var last = _failures?.GetValueOrDefault(container.Name);
        if (last is not null && last.BackOff.Left(last.Time) > TimeSpan.Zero)
        {
            events.RecordNormal(container, "BackOff", $"Back-off pulling image \"{name}\"");
            throw Failure("ImagePullBackOff", $"Back-off pulling image \"{name}\": ErrImagePull: {last.Message}");
        }
        events.RecordNormal(container, "Pulling", $"Pulling image \"{name}\"");
        var started = node.Clock.GetUtcNow();
        if (node.Shared.Images.Pull(node.Name, reference) is { } image)
        {
            _failures?.Remove(container.Name);
            var took = TimeSpan.FromMilliseconds(Math.Round((node.Clock.GetUtcNow() - started).TotalMilliseconds)).ToGoString();
            events.RecordNormal(container, "Pulled", $"Successfully pulled image \"{name}\" in {took} ({took} including waiting). Image size: {image.SizeBytes} bytes.");
            return image;
        }
        var message = $"failed to pull and unpack image \"{reference}\": not found";
        events.RecordWarning(container, "Failed", $"Failed to pull image \"{name}\": {message}");
        var backOff = last?.BackOff ?? new CrashLoopBackOff(node.Clock);
        backOff.Next(started);
        (_failures ??= new(StringComparer.Ordinal))[container.Name] = new FailedPull(backOff, started, message);
        throw Failure("ErrImagePull", message);
    }

    private static ContainerStartException Failure(string reason, string message) => new(reason, message, error: reason);

    private sealed record FailedPull(CrashLoopBackOff BackOff, DateTimeOffset Time, string Message);
}
