using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using WireMock.Logging;
using WireMock.Matchers.Request;
using WireMock.RequestBuilders;
using WireMock.Util;

namespace WireMock.Server;

/// <summary>
/// An HTTP server on loopback that answers as told and remembers what it was asked. Of several mappings that match, the lowest priority
/// number answers, then the one with more matchers, then the one added last. What matches none is 404.
/// </summary>
public partial class WireMockServer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Mapping> _mappings = [];
    private readonly Scenarios _scenarios = new();
    private readonly List<LogEntry> _log = [];
    private readonly CancellationTokenSource _stopped = new();
    private readonly WebApplication _host;

    private WireMockServer(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
        });
        _host = builder.Build();
        _host.Run(AnswerAsync);
        _host.StartAsync().GetAwaiter().GetResult();
        var address = _host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = new Uri(address).Port;
        IsStarted = true;
    }

    /// <summary>Whether it listens.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>The port it listens on.</summary>
    public List<int> Ports => [Port];

    /// <summary>Its address: <c>http://localhost:port</c>.</summary>
    public string? Url => Urls[0];

    /// <summary>Its address.</summary>
    public string[] Urls => [$"http://localhost:{Port}"];

    /// <summary>What was asked, in the order of the answers.</summary>
    public IReadOnlyList<ILogEntry> LogEntries
    {
        get
        {
            lock (_gate)
                return [.. _log];
        }
    }

    /// <summary>Starts one on a free port, or on <paramref name="port"/>.</summary>
    /// <exception cref="NotSupportedException">TLS or HTTP/2 was asked for.</exception>
    public static WireMockServer Start(int? port = 0, bool useSSL = false, bool useHttp2 = false)
    {
        if (useSSL)
            throw StandIn.Lacks("Start(useSSL: true)");
        if (useHttp2)
            throw StandIn.Lacks("Start(useHttp2: true)");
        return new WireMockServer(port ?? 0);
    }

    /// <summary>Begins a mapping: the requests it is for.</summary>
    public IRespondWithAProvider Given(IRequestMatcher requestMatcher, bool saveToFile = false)
    {
        if (saveToFile)
            throw StandIn.Lacks("Given(saveToFile: true)");
        return new Mapping(requestMatcher, Add);
    }

    /// <summary>Begins a mapping: the requests it is for.</summary>
    public IRespondWithAProvider WhenRequest(Action<IRequestBuilder> action, bool saveToFile = false)
    {
        var request = Request.Create();
        action(request);
        return Given(request, saveToFile);
    }

    /// <summary>A client whose base address is this server.</summary>
    public HttpClient CreateClient(params DelegatingHandler[] handlers)
    {
        if (handlers.Length > 0)
            throw StandIn.Lacks("CreateClient(handlers)");
        return new HttpClient { BaseAddress = new Uri(Url!) };
    }

    /// <summary>What was asked and satisfies each of <paramref name="matchers"/>.</summary>
    public IReadOnlyList<ILogEntry> FindLogEntries(params IRequestMatcher[] matchers) => [.. LogEntries.Where(entry => matchers.All(matcher =>
    {
        var result = new RequestMatchResult();
        matcher.GetMatchingScore(entry.RequestMessage!, result);
        return result.IsPerfectMatch;
    }))];

    /// <summary>Forgets log, scenarios and mappings.</summary>
    public void Reset()
    {
        ResetLogEntries();
        ResetScenarios();
        ResetMappings();
    }

    /// <summary>Forgets the mappings.</summary>
    public void ResetMappings()
    {
        lock (_gate)
            _mappings.Clear();
    }

    /// <summary>Forgets what was asked.</summary>
    public void ResetLogEntries()
    {
        lock (_gate)
            _log.Clear();
    }

    /// <summary>Puts every scenario back to its beginning.</summary>
    public void ResetScenarios()
    {
        lock (_gate)
            _scenarios.Reset();
    }

    /// <summary>Puts a scenario back to its beginning.</summary>
    public bool ResetScenario(string name)
    {
        lock (_gate)
            return _scenarios.Reset(name);
    }

    /// <summary>Puts a scenario into a state.</summary>
    public bool SetScenarioState(string name, string? state)
    {
        lock (_gate)
            _scenarios.SetState(name, state);
        return true;
    }

    /// <summary>Stops listening; answers that are still delayed are dropped.</summary>
    public void Stop()
    {
        if (!IsStarted)
            return;
        IsStarted = false;
        _stopped.Cancel();
        using var patience = new CancellationTokenSource(TimeSpan.Zero);
        _host.StopAsync(patience.Token).GetAwaiter().GetResult();
    }

    /// <summary>Stops it.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops it.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        Stop();
        ((IDisposable)_host).Dispose();
        _stopped.Dispose();
    }

    private void Add(Mapping mapping)
    {
        lock (_gate)
        {
            _mappings.RemoveAll(other => other.Guid == mapping.Guid);
            _mappings.Add(mapping);
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = await RequestMessage.ReadAsync(context.Request, context.RequestAborted);
        Mapping? mapping;
        IRequestMatchResult? match;
        lock (_gate)
        {
            (mapping, match) = _mappings
                .Where(_scenarios.Allows)
                .Select((candidate, order) => (Mapping: candidate, Match: candidate.Match(request), Order: order))
                .Where(candidate => candidate.Match.IsPerfectMatch)
                .OrderBy(candidate => candidate.Mapping.Priority).ThenBy(candidate => candidate.Match).ThenByDescending(candidate => candidate.Order)
                .Select(candidate => ((Mapping?)candidate.Mapping, (IRequestMatchResult?)candidate.Match))
                .FirstOrDefault();
            if (mapping is not null)
                _scenarios.Step(mapping);
        }

        IResponseMessage response;
        try
        {
            // The real server's delays are the machine's own, too, and outlast a caller who hangs up: the request is logged all the same.
            if (mapping is not null && mapping.Response.Delay > TimeSpan.Zero)
                await Task.Delay(mapping.Response.Delay, TimeProvider.System, _stopped.Token);
            response = mapping is null ? Status(404, "No matching mapping found") : await mapping.Response.AnswerAsync(request);
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            context.Abort();
            return;
        }
        catch (Exception fault)
        {
            response = Status(500, fault.Message);
        }

        lock (_gate)
        {
            _log.Add(new LogEntry
            {
                Guid = Guid.NewGuid(),
                MappingGuid = mapping?.Guid,
                MappingTitle = mapping?.Title,
                RequestMatchResult = match,
                RequestMessage = request,
                ResponseMessage = response,
            });
        }

        await Wire.WriteAsync(context, response);
    }

    private static ResponseMessage Status(int code, string status)
    {
        var response = new ResponseMessage
        {
            StatusCode = code,
            BodyData = new BodyData { BodyAsJson = new { Status = status }, DetectedBodyType = Types.BodyType.Json },
        };
        response.AddHeader("Content-Type", "application/json");
        return response;
    }
}
