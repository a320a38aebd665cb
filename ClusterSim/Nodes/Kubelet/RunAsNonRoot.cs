using System.Globalization;
using System.Text.Json;
using ClusterSim.Nodes.Images;
using ClusterSim.Storage;

namespace ClusterSim.Nodes;

/// <summary>
/// <c>verifyRunAsNonRoot</c> of the kubelet: the check that a pod's <c>runAsNonRoot</c> makes against its own <c>runAsUser</c> and the
/// image's USER, in its words; and the user a container then runs as.
/// </summary>
internal static class RunAsNonRoot
{
    /// <summary>Why the container may not run; null where it may.</summary>
    public static string? Refusal(Document pod, JsonElement container, ImageConfiguration image)
    {
        var ofPod = pod.Spec.At("securityContext");
        var own = container.At("securityContext");
        if (!(own.At("runAsNonRoot").Flag() ?? ofPod.At("runAsNonRoot").Flag(false)))
            return null;
        var who = $"(pod: \"{pod.Name}_{pod.Namespace}({pod.Uid})\", container: {container.At("name").Text("")})";
        if ((own.At("runAsUser").Integer() ?? ofPod.At("runAsUser").Integer()) is { } asked)
            return asked == 0 ? $"container's runAsUser breaks non-root policy {who}" : null;
        var user = UserOf(image);
        if (user.Length == 0)
            return $"container has runAsNonRoot and image will run as root {who}";
        if (!long.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var uid))
            return $"container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {who}";
        return uid == 0 ? $"container has runAsNonRoot and image will run as root {who}" : null;
    }

    /// <summary>The uid and gid a container runs as; names that only the image's /etc/passwd knows count as 0.</summary>
    public static (long Uid, long Gid) Identity(Document pod, JsonElement container, ImageConfiguration image)
    {
        var ofPod = pod.Spec.At("securityContext");
        var own = container.At("securityContext");
        var parts = image.User.Split(':');
        var uid = own.At("runAsUser").Integer() ?? ofPod.At("runAsUser").Integer() ?? Number(parts[0]);
        var gid = own.At("runAsGroup").Integer() ?? ofPod.At("runAsGroup").Integer() ?? (parts.Length > 1 ? Number(parts[1]) : 0);
        return (uid, gid);

        static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    private static string UserOf(ImageConfiguration image) => image.User.Split(':')[0];
}
