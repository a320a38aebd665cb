using System.Collections.Concurrent;

namespace ClusterSim.Nodes.Images;

/// <summary>
/// The images there are: those present on every node, and those a registry has, which a node pulls first. What is in neither is
/// <c>ErrImagePull</c>, as on a cluster that cannot find it.
/// </summary>
public sealed class ImageStore
{
    private readonly ConcurrentDictionary<string, Image> _present = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Image> _registry = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _hidden = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Node, string Reference), Image> _pulled = new();

    /// <summary>Puts an image on every node, present and future; one under the same reference is replaced (for containers that start from now on).</summary>
    /// <exception cref="ArgumentException">The reference cannot be read.</exception>
    public void Add(string reference, Image image) => _present[Complete(reference)] = image;

    /// <summary>Puts an image into the registry only: a node pulls it when the first pod wants it.</summary>
    /// <exception cref="ArgumentException">The reference cannot be read.</exception>
    public void AddToRegistry(string reference, Image image) => _registry[Complete(reference)] = image;

    /// <summary>
    /// A registry asked for what is in neither: the image of a complete reference (<c>docker.io/library/name:tag</c>), or null. A node that
    /// pulls asks it, so an image may come to be while the cluster runs.
    /// </summary>
    public Func<string, Image?>? Registry { get; set; }

    /// <summary>What becomes of images that are in none of these, from now on.</summary>
    public UnknownImages Unknown { get; set; }

    /// <summary>Makes the stub of an image that is in none of these, for <see cref="UnknownImages.Stub"/>.</summary>
    internal Func<ImageReference, Image>? StubOf { get; set; }

    /// <summary>Takes an image away from every node and the registry. Containers that run go on.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(string reference)
    {
        var complete = Complete(reference);
        var removed = _present.TryRemove(complete, out _) | _registry.TryRemove(complete, out _);
        foreach (var pulled in _pulled.Keys.Where(key => key.Reference == complete))
            removed |= _pulled.TryRemove(pulled, out _);
        return removed;
    }

    /// <summary>Makes an image as if neither nodes nor registry had it, until it is shown again.</summary>
    /// <exception cref="ArgumentException">The reference cannot be read.</exception>
    internal void Hide(string reference) => _hidden[Complete(reference)] = 0;

    /// <summary>Undoes <see cref="Hide"/>.</summary>
    internal void Show(string reference) => _hidden.TryRemove(Complete(reference), out _);

    /// <summary>The image as it is on a node; null where it is not there.</summary>
    internal Image? FindOn(string node, ImageReference reference) =>
        _hidden.ContainsKey(reference.ToString()) ? null : FindPresent(node, reference);

    private Image? FindPresent(string node, ImageReference reference) =>
        _present.TryGetValue(reference.ToString(), out var image) || _pulled.TryGetValue((node, reference.ToString()), out image) ? image : null;

    /// <summary>Pulls an image to a node; null where no registry has it.</summary>
    internal Image? Pull(string node, ImageReference reference)
    {
        var complete = reference.ToString();
        if (_hidden.ContainsKey(complete))
            return null;
        if (_registry.TryGetValue(complete, out var image))
            return _pulled[(node, complete)] = image;
        if (_present.TryGetValue(complete, out image))
            return image;
        if ((Registry?.Invoke(complete) ?? (Unknown == UnknownImages.Stub ? StubOf?.Invoke(reference) : null)) is not { } found)
            return null;
        // A stub is not kept: the image itself may come to be.
        return found.IsStub ? found : _pulled[(node, complete)] = found;
    }

    private static string Complete(string reference) =>
        ImageReference.Parse(reference, out var error)?.ToString() ?? throw new ArgumentException($"'{reference}' is no image reference: {error}", nameof(reference));
}
