using System.Net;
using System.Text;
using WireMock.Types;
using WireMock.Util;

namespace WireMock.ResponseBuilders;

/// <summary>Says what is answered.</summary>
public class Response : IResponseBuilder
{
    private readonly ResponseMessage _message = new();
    private Func<IRequestMessage, Task<IResponseMessage>>? _callback;
    private Func<IRequestMessage, IBodyData>? _body;

    private Response()
    {
    }

    /// <summary>200 without a body, until more is said.</summary>
    public static IResponseBuilder Create() => new Response();

    /// <inheritdoc/>
    public IResponseMessage ResponseMessage => _message;

    internal TimeSpan Delay { get; private set; }

    /// <inheritdoc/>
    public IResponseBuilder WithStatusCode(int code) => With(() => _message.StatusCode = code);

    /// <inheritdoc/>
    public IResponseBuilder WithStatusCode(string code) => With(() => _message.StatusCode = code);

    /// <inheritdoc/>
    public IResponseBuilder WithStatusCode(HttpStatusCode code) => WithStatusCode((int)code);

    /// <inheritdoc/>
    public IResponseBuilder WithSuccess() => WithStatusCode(200);

    /// <inheritdoc/>
    public IResponseBuilder WithNotFound() => WithStatusCode(404);

    /// <inheritdoc/>
    public IResponseBuilder WithHeader(string name, params string[] values) => With(() => _message.AddHeader(name, values));

    /// <inheritdoc/>
    public IResponseBuilder WithHeaders(IDictionary<string, string> headers) => With(() =>
        _message.Headers = headers.ToDictionary(header => header.Key, header => new WireMockList<string>(header.Value), StringComparer.Ordinal));

    /// <inheritdoc/>
    public IResponseBuilder WithBody(string body, string? destination = "SameAsSource", Encoding? encoding = null)
    {
        Supported(destination);
        return With(() => _message.BodyData = Text(body, encoding));
    }

    /// <inheritdoc/>
    public IResponseBuilder WithBody(byte[] body, string? destination = "SameAsSource", Encoding? encoding = null)
    {
        Supported(destination);
        return With(() => _message.BodyData = new BodyData { BodyAsBytes = body, DetectedBodyType = BodyType.Bytes });
    }

    /// <inheritdoc/>
    public IResponseBuilder WithBody(Func<IRequestMessage, string> bodyFactory, string? destination = "SameAsSource", Encoding? encoding = null)
    {
        Supported(destination);
        return With(() => _body = request => Text(bodyFactory(request), encoding));
    }

    /// <inheritdoc/>
    public IResponseBuilder WithBodyAsJson(object body, Encoding? encoding = null, bool? indented = null)
    {
        if (indented == true)
            throw StandIn.Lacks("WithBodyAsJson(indented: true)");
        return With(() => _message.BodyData = JsonOf(body, encoding));
    }

    /// <inheritdoc/>
    public IResponseBuilder WithBodyAsJson(Func<IRequestMessage, object> bodyFactory, Encoding? encoding = null) =>
        With(() => _body = request => JsonOf(bodyFactory(request), encoding));

    /// <inheritdoc/>
    public IResponseBuilder WithDelay(TimeSpan delay) => With(() => Delay = delay);

    /// <inheritdoc/>
    public IResponseBuilder WithDelay(int milliseconds) => WithDelay(TimeSpan.FromMilliseconds(milliseconds));

    /// <inheritdoc/>
    public IResponseBuilder WithFault(FaultType faultType, double? percentage = null) => With(() =>
    {
        _message.FaultType = faultType;
        _message.FaultPercentage = percentage;
    });

    /// <inheritdoc/>
    public IResponseBuilder WithCallback(Func<IRequestMessage, IResponseMessage> callbackHandler) =>
        With(() => _callback = request => Task.FromResult(callbackHandler(request)));

    /// <inheritdoc/>
    public IResponseBuilder WithCallback(Func<IRequestMessage, Task<IResponseMessage>> callbackHandler) => With(() => _callback = callbackHandler);

    internal async Task<IResponseMessage> AnswerAsync(IRequestMessage request)
    {
        if (_callback is not null)
            return await _callback(request);
        return _body is null ? _message : new ResponseMessage
        {
            StatusCode = _message.StatusCode,
            Headers = _message.Headers,
            FaultType = _message.FaultType,
            FaultPercentage = _message.FaultPercentage,
            BodyData = _body(request),
        };
    }

    private static BodyData Text(string body, Encoding? encoding) => new() { BodyAsString = body, Encoding = encoding, DetectedBodyType = BodyType.String };

    private static BodyData JsonOf(object body, Encoding? encoding) => new() { BodyAsJson = body, Encoding = encoding, DetectedBodyType = BodyType.Json };

    private static void Supported(string? destination)
    {
        if (destination is not ("SameAsSource" or null))
            throw StandIn.Lacks($"WithBody(destination: \"{destination}\")");
    }

    private Response With(Action change)
    {
        change();
        return this;
    }
}
