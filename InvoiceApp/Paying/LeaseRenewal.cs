using Npgsql;

namespace InvoiceApp.Paying;

/// <summary>Keeps a batch's claims alive until disposed. A renewal that fails is no more than noted: the claim then runs out, which is safe.</summary>
internal sealed class LeaseRenewal : IAsyncDisposable
{
    private readonly CancellationTokenSource _done;
    private readonly Task _renewing;

    public LeaseRenewal(PayTools tools, string holder, long[] numbers, CancellationToken killed)
    {
        _done = CancellationTokenSource.CreateLinkedTokenSource(killed);
        _renewing = RenewAsync(tools, holder, numbers, _done.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _renewing;
        _done.Dispose();
    }

    private static async Task RenewAsync(PayTools tools, string holder, long[] numbers, CancellationToken done)
    {
        using var timer = new PeriodicTimer(tools.Settings.Lease / 3, tools.Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(done))
            {
                try
                {
                    await tools.Claims.RenewAsync(holder, tools.Settings.Lease, numbers, done);
                }
                catch (Exception fault) when (fault is NpgsqlException or TimeoutException)
                {
                    tools.Logger.LogWarning("Claims could not be renewed: {Reason}", fault.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Done, or killed.
        }
    }
}
