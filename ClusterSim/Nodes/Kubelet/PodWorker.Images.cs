using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Images;

namespace ClusterSim.Nodes;

internal sealed partial class PodWorker
{
    /// <summary>
    /// The kubelet's image manager (<c>EnsureImageExists</c>): the image by its pull policy; null, told and to be tried again, where there
    /// is none.
    /// </summary>
    private (Image Image, ImageReference Reference)? FindImage(PodContainer container)
    {
        var asked = container.Spec.At("image").Text("");
        if (ImageReference.Parse(asked, out var error) is not { } reference)
        {
            var message = $"Failed to apply default image tag \"{asked}\": couldn't parse image name \"{asked}\": {error}";
            Warning(container, "InspectFailed", message);
            Warning(container, "Failed", "Error: InvalidImageName");
            Fail(container, "InvalidImageName", message);
            return null;
        }
        var policy = container.Spec.At("imagePullPolicy").Text() ?? (reference.Tag == "latest" ? "Always" : "IfNotPresent");
        var present = _node.Shared.Images.FindOn(_node.Name, reference);
        if (present is not null && policy != "Always")
        {
            Normal(container, "Pulled", $"Container image \"{asked}\" already present on machine and can be accessed by the pod");
            return (present, reference);
        }
        if (policy == "Never")
        {
            var message = $"Container image \"{asked}\" is not present with pull policy of Never";
            Warning(container, "ErrImageNeverPull", message);
            Warning(container, "Failed", "Error: ErrImageNeverPull");
            Fail(container, "ErrImageNeverPull", message);
            return null;
        }
        return Pull(container, asked, reference);
    }

    private (Image Image, ImageReference Reference)? Pull(PodContainer container, string asked, ImageReference reference)
    {
        if (container.Pull is var (waiting, failedAt, failure) && waiting.Left(failedAt) > TimeSpan.Zero)
        {
            Normal(container, "BackOff", $"Back-off pulling image \"{asked}\"");
            Warning(container, "Failed", "Error: ImagePullBackOff");
            Fail(container, "ImagePullBackOff", $"Back-off pulling image \"{asked}\": ErrImagePull: {failure}");
            WakeIn(Retry());
            return null;
        }
        Normal(container, "Pulling", $"Pulling image \"{asked}\"");
        var started = _node.Clock.GetUtcNow();
        if (_node.Shared.Images.Pull(_node.Name, reference) is { } image)
        {
            var took = TimeSpan.FromMilliseconds(Math.Round((_node.Clock.GetUtcNow() - started).TotalMilliseconds)).ToGoString();
            Normal(container, "Pulled", $"Successfully pulled image \"{asked}\" in {took} ({took} including waiting). Image size: {image.SizeBytes} bytes.");
            return (image, reference);
        }
        var message = $"failed to pull and unpack image \"{reference}\": not found";
        Warning(container, "Failed", $"Failed to pull image \"{asked}\": {message}");
        Warning(container, "Failed", "Error: ErrImagePull");
        var backOff = container.Pull?.BackOff ?? new CrashLoopBackOff(_node.Clock);
        backOff.Next(started);
        container.Pull = (backOff, started, message);
        Fail(container, "ErrImagePull", message);
        return null;
    }
}
