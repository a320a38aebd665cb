using System.Net;
using System.Text;

namespace WireMock.ResponseBuilders;

/// <summary>Says what is answered: 200 without a body, until more is said.</summary>
public partial interface IResponseBuilder
{
    /// <summary>The answer so far.</summary>
    IResponseMessage ResponseMessage { get; }

    /// <summary>The status.</summary>
    IResponseBuilder WithStatusCode(int code);

    /// <summary>The status.</summary>
    IResponseBuilder WithStatusCode(string code);

    /// <summary>The status.</summary>
    IResponseBuilder WithStatusCode(HttpStatusCode code);

    /// <summary>200.</summary>
    IResponseBuilder WithSuccess();

    /// <summary>404.</summary>
    IResponseBuilder WithNotFound();

    /// <summary>A header.</summary>
    IResponseBuilder WithHeader(string name, params string[] values);

    /// <summary>Headers.</summary>
    IResponseBuilder WithHeaders(IDictionary<string, string> headers);

    /// <summary>A body of text; UTF-8 unless said otherwise. Only the default <paramref name="destination"/> is supported.</summary>
    IResponseBuilder WithBody(string body, string? destination = "SameAsSource", Encoding? encoding = null);

    /// <summary>A body of bytes. Only the default <paramref name="destination"/> is supported.</summary>
    IResponseBuilder WithBody(byte[] body, string? destination = "SameAsSource", Encoding? encoding = null);

    /// <summary>A body of text that depends on the request.</summary>
    IResponseBuilder WithBody(Func<IRequestMessage, string> bodyFactory, string? destination = "SameAsSource", Encoding? encoding = null);

    /// <summary>A body of JSON; sets no Content-Type. <paramref name="indented"/> is not supported.</summary>
    IResponseBuilder WithBodyAsJson(object body, Encoding? encoding = null, bool? indented = null);

    /// <summary>A body of JSON that depends on the request.</summary>
    IResponseBuilder WithBodyAsJson(Func<IRequestMessage, object> bodyFactory, Encoding? encoding = null);

    /// <summary>Answers only after this time.</summary>
    IResponseBuilder WithDelay(TimeSpan delay);

    /// <summary>Answers only after this time.</summary>
    IResponseBuilder WithDelay(int milliseconds);

    /// <summary>Spoils the answer, always or with a chance from 0 to 1.</summary>
    IResponseBuilder WithFault(FaultType faultType, double? percentage = null);

    /// <summary>Makes the whole answer.</summary>
    IResponseBuilder WithCallback(Func<IRequestMessage, IResponseMessage> callbackHandler);

    /// <summary>Makes the whole answer.</summary>
    IResponseBuilder WithCallback(Func<IRequestMessage, Task<IResponseMessage>> callbackHandler);
}
