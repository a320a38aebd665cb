using System.Collections.Concurrent;

namespace ClusterSim.Nodes.Images;

/// <summary>
/// The images of a cluster: those present on every node, and those of a registry, from which a node pulls. Any other image is <c>ErrImagePull</c>, as
/// on a cluster that cannot find it.
/// </summary>
public sealed class ImageStore
{
    private readonly ConcurrentDictionary<string, Image> _present = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _hidden = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Node, string Reference), Image> _pulled = new();

    internal ImageStore()
    {
    }

    /// <summary>Adds an image to every node, present and future; replaces an image of the same reference for containers that start from now on.</summary>
    /// <exception cref="ArgumentException">The reference is malformed.</exception>
    public void Add(string reference, Image image) => _present[Normalize(reference)] = image;

    /// <summary>
    /// The registry that nodes pull from: returns the image of a complete reference (<c>docker.io/library/name:tag</c>), or null. It is called for every
    /// pull, so images may appear while the cluster runs.
    /// </summary>
    public Func<string, Image?>? Registry { get; set; }

    /// <summary>What nodes do with images that they cannot pull, from now on.</summary>
    public UnknownImages Unknown { get; set; }

    /// <summary>Makes the stub of an image that is in none of these, for <see cref="UnknownImages.Stub"/>.</summary>
    internal Func<ImageReference, Image>? StubOf { get; set; }

    /// <summary>Removes an image from every node. Running containers continue.</summary>
    /// <returns>Whether a node had it.</returns>
    public bool Remove(string reference)
    {
        var complete = Normalize(reference);
        var removed = _present.TryRemove(complete, out _);
        foreach (var pulled in _pulled.Keys.Where(key => key.Reference == complete))
            removed |= _pulled.TryRemove(pulled, out _);
        return removed;
    }

    /// <summary>Returns a reference in full: <c>docker.io/library/name:tag</c> for <c>name:tag</c>.</summary>
    /// <exception cref="ArgumentException">The reference is malformed.</exception>
    public static string Normalize(string reference) =>
        ImageReference.Parse(reference, out var error)?.ToString() ?? throw new ArgumentException($"'{reference}' is no image reference: {error}", nameof(reference));

    /// <summary>Makes an image as if neither nodes nor registry had it, until it is shown again.</summary>
    /// <exception cref="ArgumentException">The reference cannot be read.</exception>
    internal void Hide(string reference) => _hidden[Normalize(reference)] = 0;

    /// <summary>Undoes <see cref="Hide"/>.</summary>
    internal void Show(string reference) => _hidden.TryRemove(Normalize(reference), out _);

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
        if (_present.TryGetValue(complete, out var image))
            return image;
        if ((Registry?.Invoke(complete) ?? (Unknown == UnknownImages.Stub ? StubOf?.Invoke(reference) : null)) is not { } found)
            return null;
        // A stub is not kept: the image itself may come to be.
        return found.IsStub ? found : _pulled[(node, complete)] = found;
    }
}
