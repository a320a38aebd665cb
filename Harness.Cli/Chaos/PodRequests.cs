using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using ClusterSim;

namespace Harness.Chaos;

/// <summary>Requests to pods that may be repeated.</summary>
internal sealed class PodRequests(SimulatedCluster cluster)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Sends a request until the pod answers anything but 503. A service that answers 503 may wait for its database, or for keys that it
    /// fetches every few seconds at most.
    /// </summary>
    /// <exception cref="TimeoutException">There was no such answer in time; the message has the last one.</exception>
    public async Task<(int Status, string Body)> SendAsync(
        ChaosWorkload workload, string pod, HttpMethod method, string path, string? token, string? json, CancellationToken cancellation)
    {
        var (began, pause) = (TimeProvider.System.GetTimestamp(), PauseFirst);
        for (var tries = 1; ; tries++)
        {
            string last;
            try
            {
                using var limit = new CancellationTokenSource(AnswerLimit, TimeProvider.System);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
                using var client = Client(workload, pod);
                using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
                if (token is not null)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var answer = await client.SendAsync(request, either.Token);
                var text = await answer.Content.ReadAsStringAsync(either.Token);
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                    return ((int)answer.StatusCode, text);
                last = $"503 {text}";
            }
            catch (Exception ex) when (ex is HttpRequestException or IOException or SocketException || (ex is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                last = ex.Message;
            }
            if (TimeProvider.System.GetElapsedTime(began) > AnswerLimit)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{pod} did not answer {method} {path} for {AnswerLimit.TotalSeconds:0} s, asked {tries} times; at last: {last}"));
            await Task.Delay(pause, TimeProvider.System, cancellation);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    /// <summary>Returns whether a pod answers that it is ready.</summary>
    public async Task<bool> IsReadyAsync(ChaosWorkload workload, string pod, CancellationToken cancellation)
    {
        try
        {
            using var client = Client(workload, pod);
            using var answer = await client.GetAsync(new Uri(workload.ReadinessPath, UriKind.Relative), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException or KubernetesApiException)
        {
            return false;
        }
    }

    private HttpClient Client(ChaosWorkload workload, string pod) => cluster.CreatePodClient(
        workload.Namespace, pod, workload.HttpPort ?? throw new ArgumentException($"workload {workload.Pods} has no HTTP port", nameof(workload)));
}
