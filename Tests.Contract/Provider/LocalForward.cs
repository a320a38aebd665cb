using System.Net;
using System.Net.Sockets;

namespace Tests.Contract.Provider;

/// <summary>A port of loopback whose connections go elsewhere: for Pact's verifier, which dials the machine's own network only.</summary>
internal sealed class LocalForward : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Func<CancellationToken, ValueTask<Stream>> _dial;
    private readonly Task _serving;

    public LocalForward(Func<CancellationToken, ValueTask<Stream>> dial)
    {
        _dial = dial;
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Stop();
        await _serving;
        _stopped.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ForwardAsync(await _listener.AcceptSocketAsync(_stopped.Token)));
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ForwardAsync(Socket socket)
    {
        try
        {
            await using var near = new NetworkStream(socket, ownsSocket: true);
            await using var far = await _dial(_stopped.Token);
            await Task.WhenAny(near.CopyToAsync(far, _stopped.Token), far.CopyToAsync(near, _stopped.Token));
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or SocketException)
        {
            // Refused, or hung up: whoever dialled sees its own connection end.
        }
    }
}
