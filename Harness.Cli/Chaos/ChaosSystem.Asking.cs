using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using ClusterSim;

namespace Harness.Chaos;

public sealed partial class ChaosSystem
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskAgainFirst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan AskAgainMax = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Asks a pod something that may be asked again, until it answers anything but 503: with nothing wrong any more, "try again" has to come to
    /// an end. Who says 503 may mean its database as well as the keys that it checks callers by, which it fetches every five seconds at most.
    /// </summary>
    /// <exception cref="TimeoutException">It did not; the message has its last answer.</exception>
    internal async Task<(int Status, string Body)> AskAsync(
        string @namespace, string pod, int port, HttpMethod method, string path, string? token = null, string? body = null, CancellationToken cancellation = default)
    {
        var (began, pause) = (TimeProvider.System.GetTimestamp(), AskAgainFirst);
        for (var tries = 1; ; tries++)
        {
            string came;
            try
            {
                using var limit = new CancellationTokenSource(AnswerLimit, TimeProvider.System);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
                using var client = Cluster.CreatePodClient(@namespace, pod, port);
                using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
                if (token is not null)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var answer = await client.SendAsync(request, either.Token);
                var text = await answer.Content.ReadAsStringAsync(either.Token);
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                    return ((int)answer.StatusCode, text);
                came = $"503 {text}";
            }
            catch (Exception cut) when (cut is HttpRequestException or IOException or SocketException || (cut is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                came = cut.Message;
            }
            if (TimeProvider.System.GetElapsedTime(began) > AnswerLimit)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{pod} did not answer {method} {path} for {AnswerLimit.TotalSeconds:0} s, asked {tries} times; at last: {came}"));
            await Task.Delay(pause, TimeProvider.System, cancellation);
            pause = pause * 2 < AskAgainMax ? pause * 2 : AskAgainMax;
        }
    }
}
