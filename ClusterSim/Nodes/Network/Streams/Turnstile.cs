namespace ClusterSim.Network.Streams;

/// <summary>
/// Lets one user in at a time, and closes behind the last: a pipe's end must not be completed while somebody still copies from it, yet a
/// stream may be disposed at any moment. Whoever leaves last closes.
/// </summary>
internal struct Turnstile
{
    private const int Free = 0;
    private const int Taken = 1;
    private const int ClosingBehindUser = 2;
    private const int Closed = 3;

    private int _state;

    /// <summary>Whether it is closed, or will be when its user leaves.</summary>
    public readonly bool IsClosed => Volatile.Read(in _state) >= ClosingBehindUser;

    /// <summary>Goes in.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    /// <exception cref="InvalidOperationException">Somebody is in: two reads, or two writes, at the same time.</exception>
    public void Enter()
    {
        var before = Interlocked.CompareExchange(ref _state, Taken, Free);
        if (before == Free)
            return;
        ObjectDisposedException.ThrowIf(before >= ClosingBehindUser, typeof(WireStream));
        throw new InvalidOperationException("the stream is in use: one read and one write at a time");
    }

    /// <summary>Goes out; true: it was closed meanwhile, and the caller must do what closing means.</summary>
    public bool Leave()
    {
        if (Interlocked.CompareExchange(ref _state, Free, Taken) == Taken)
            return false;
        Volatile.Write(ref _state, Closed);
        return true;
    }

    /// <summary>Closes; true: nobody is in, and the caller must do what closing means. Otherwise the one who is in will.</summary>
    public bool Close()
    {
        while (true)
        {
            switch (Volatile.Read(ref _state))
            {
                case Free when Interlocked.CompareExchange(ref _state, Closed, Free) == Free:
                    return true;
                case Taken when Interlocked.CompareExchange(ref _state, ClosingBehindUser, Taken) == Taken:
                    return false;
                case ClosingBehindUser or Closed:
                    return false;
                default:
                    break;
            }
        }
    }
}
