using System.Runtime.CompilerServices;

namespace ClusterSim.Nodes.Simulated;

/// <summary>SIGKILL for a process and the processes that it starts: it is killed with its parent, or alone.</summary>
internal sealed class LinkedKill : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _withParent;
    private readonly Lock _lock = new();
    private bool _isDisposed;

    /// <summary>A process that is killed with its parent.</summary>
    /// <param name="parent">The parent's SIGKILL.</param>
    public LinkedKill(CancellationToken parent)
        : this(new CancellationTokenSource(), parent)
    {
    }

    /// <summary>A process that is killed with its parent, and after a while.</summary>
    /// <param name="after">How long it may run.</param>
    /// <param name="clock">The clock of the process.</param>
    /// <param name="parent">The parent's SIGKILL.</param>
    public LinkedKill(TimeSpan after, TimeProvider clock, CancellationToken parent)
        : this(new CancellationTokenSource(after, clock), parent)
    {
    }

    private LinkedKill(CancellationTokenSource source, CancellationToken parent)
    {
        _source = source;
        Token = source.Token;
        _withParent = parent.UnsafeRegister(static kill => ((LinkedKill)kill!).Kill(), this);
    }

    /// <summary>The SIGKILL.</summary>
    public CancellationToken Token { get; }

    /// <summary>Kills the process. Nothing happens once it has ended.</summary>
    public void Kill()
    {
        lock (_lock)
            if (_isDisposed)
                return;
        // A chain of processes is killed on one stack, as far as that goes.
        if (RuntimeHelpers.TryEnsureSufficientExecutionStack())
            Cancel();
        else
            ThreadPool.UnsafeQueueUserWorkItem(static kill => kill.Cancel(), this, preferLocal: false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _withParent.Unregister();
        lock (_lock)
            _isDisposed = true;
        _source.Dispose();
    }

    private void Cancel()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }
    }
}
