namespace ClusterSim.Storage;

/// <summary>How an object changed.</summary>
internal enum StoreChange
{
    /// <summary>It came.</summary>
    Added,

    /// <summary>It changed.</summary>
    Modified,

    /// <summary>It went; the document is its last state under the revision that deleted it.</summary>
    Deleted,
}

/// <summary>One change of one object.</summary>
/// <param name="Change">What happened.</param>
/// <param name="Document">The object after it.</param>
/// <param name="Previous">The object before it; null when it was added.</param>
internal sealed record StoreEvent(StoreChange Change, Document Document, Document? Previous);
