using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Streaming.Spdy;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Streaming;

/// <summary>Which streams a client of exec or attach wants.</summary>
internal sealed record CommandWishes(bool Input, bool Output, bool Error, bool IsTerminal);

/// <summary>A client of exec or attach: its standard streams, and where the outcome is told, over WebSocket or SPDY.</summary>
internal abstract class CommandConnection : IAsyncDisposable
{
    /// <summary>How long a SPDY client may take to open its streams, and any client to say goodbye.</summary>
    protected static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(30);

    /// <summary>What the client types; null where it does not.</summary>
    public Stream? Input { get; protected set; }

    /// <summary>Where standard output goes.</summary>
    public Stream? Output { get; protected set; }

    /// <summary>Where standard error goes.</summary>
    public Stream? Error { get; protected set; }

    /// <summary>The size of the client's terminal as it changes; null where it has none.</summary>
    public IAsyncEnumerable<TerminalSize>? Sizes { get; protected set; }

    /// <summary>Is cancelled when the client has left.</summary>
    public abstract CancellationToken Closed { get; }

    /// <summary>Accepts the client's upgrade.</summary>
    /// <exception cref="KubernetesApiException">400: it asks for none, or for protocols that are not spoken.</exception>
    public static async Task<CommandConnection> AcceptAsync(HttpContext context, CommandWishes wishes, TimeProvider clock)
    {
        if (context.WebSockets.IsWebSocketRequest)
            return await WebSocketCommand.OpenAsync(context, wishes);
        if (context.Request.Headers.Upgrade.ToString().Equals("SPDY/3.1", StringComparison.OrdinalIgnoreCase))
            return await SpdyCommand.OpenAsync(context, wishes, clock);
        throw KubernetesApiException.BadRequest("Upgrade request required");
    }

    /// <summary>Sizes as clients tell them: <c>{"Width":80,"Height":24}</c>, one after the other.</summary>
    protected static async IAsyncEnumerable<TerminalSize> ReadSizesAsync(Stream told, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var sizes = JsonSerializer.DeserializeAsyncEnumerable<TerminalSize>(told, topLevelValues: true, JsonSerializerOptions.Default, cancellation).GetAsyncEnumerator(cancellation);
        await using var _ = sizes;
        while (true)
        {
            try
            {
                if (!await sizes.MoveNextAsync())
                    yield break;
            }
            catch (Exception ended) when (ended is JsonException or IOException or OperationCanceledException or InvalidOperationException)
            {
                // A size that cannot be read changes nothing, nor does a client that left.
                yield break;
            }
            yield return sizes.Current;
        }
    }

    /// <summary>Tells the outcome and closes.</summary>
    public abstract Task EndAsync(JsonObject status);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>Over a WebSocket: channels 0 to 4 are standard input, output, error, the outcome, and the terminal's size.</summary>
internal sealed class WebSocketCommand : CommandConnection
{
    private const int Outcome = 3;
    private const int Resize = 4;
    private const int Channels = 5;

    private readonly WebSocketChannels _channels;
    private readonly Task _receiving;

    private WebSocketCommand(WebSocketChannels channels, CommandWishes wishes, CancellationToken cancellation)
    {
        _channels = channels;
        Input = wishes.Input ? channels.Reader(0) : null;
        Output = wishes.Output ? channels.Writer(1) : null;
        Error = wishes.Error && !wishes.IsTerminal ? channels.Writer(2) : null;
        Sizes = wishes.IsTerminal ? ReadSizesAsync(channels.Reader(Resize), cancellation) : null;
        _receiving = channels.ReceiveAsync(cancellation);
    }

    /// <inheritdoc/>
    public override CancellationToken Closed => _channels.Closed;

    /// <summary>Accepts.</summary>
    public static async Task<CommandConnection> OpenAsync(HttpContext context, CommandWishes wishes)
    {
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        var protocol = WebSocketChannels.Protocols.FirstOrDefault(offered.Contains)
            ?? throw KubernetesApiException.BadRequest($"unable to upgrade: the client offers the protocols [{string.Join(' ', offered)}], the server speaks [{string.Join(' ', WebSocketChannels.Protocols)}]");
        var channels = new WebSocketChannels(await context.WebSockets.AcceptWebSocketAsync(protocol), Channels, protocol);
        var command = new WebSocketCommand(channels, wishes, context.RequestAborted);
        // As the kubelet: an empty message on the lowest channel says that the process can be talked to.
        await channels.SendAsync((byte)(wishes.Output ? 1 : wishes.Error ? 2 : Outcome), default, context.RequestAborted);
        return command;
    }

    /// <inheritdoc/>
    public override async Task EndAsync(JsonObject status)
    {
        using var patience = new CancellationTokenSource(PatienceMax);
        try
        {
            await _channels.SendAsync(Outcome, status.ToUtf8(), patience.Token);
            await _channels.CloseAsync(patience.Token);
            await _channels.IgnoreAsync();
            await _receiving.WaitAsync(patience.Token);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException)
        {
            // The client did not wait for it.
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _channels.DisposeAsync();
}

/// <summary>Over SPDY: a stream each, named by its <c>streamtype</c>.</summary>
internal sealed class SpdyCommand : CommandConnection
{
    private const string Protocol = "v4.channel.k8s.io";

    private readonly SpdyConnection _connection;
    private readonly Task _reading;
    private readonly Dictionary<string, SpdyStream> _streams = new(StringComparer.Ordinal);

    private SpdyCommand(SpdyConnection connection, CancellationToken cancellation)
    {
        _connection = connection;
        _reading = connection.ReadAsync(cancellation);
    }

    /// <inheritdoc/>
    public override CancellationToken Closed => _connection.Closed;

    /// <summary>Accepts.</summary>
    public static async Task<CommandConnection> OpenAsync(HttpContext context, CommandWishes wishes, TimeProvider clock)
    {
        var connection = await SpdyUpgrade.AcceptAsync(context, Protocol);
        var command = new SpdyCommand(connection, context.RequestAborted);
        var wanted = 1 + (wishes.Input ? 1 : 0) + (wishes.Output ? 1 : 0) + (wishes.Error && !wishes.IsTerminal ? 1 : 0) + (wishes.IsTerminal ? 1 : 0);
        using var patience = new CancellationTokenSource(PatienceMax, clock);
        try
        {
            while (command._streams.Count < wanted)
            {
                var stream = await connection.Accepted.ReadAsync(patience.Token);
                command._streams[stream.Headers.GetValueOrDefault("streamtype") ?? ""] = stream;
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or System.Threading.Channels.ChannelClosedException)
        {
            await connection.DisposeAsync();
            throw new OperationCanceledException("the client has not opened the streams it announced", gone);
        }
        command.Input = wishes.Input ? command._streams.GetValueOrDefault("stdin")?.Input : null;
        command.Sizes = command._streams.GetValueOrDefault("resize") is { } resize ? ReadSizesAsync(resize.Input) : null;
        command.Output = command._streams.GetValueOrDefault("stdout")?.Output;
        command.Error = command._streams.GetValueOrDefault("stderr")?.Output;
        return command;
    }

    /// <inheritdoc/>
    public override async Task EndAsync(JsonObject status)
    {
        using var patience = new CancellationTokenSource(PatienceMax);
        try
        {
            if (_streams.TryGetValue("error", out var outcome))
                await outcome.Output.WriteAsync(status.ToUtf8(), patience.Token);
            foreach (var stream in _streams.Values)
            {
                await stream.IgnoreAsync();
                await stream.FinishAsync(patience.Token);
            }
            await _reading.WaitAsync(patience.Token);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client did not wait for it.
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _connection.DisposeAsync();
}
