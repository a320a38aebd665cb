using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using ClusterSim;

namespace Tests.Unit.ClusterSim.Fidelity;

/// <summary>HTTP to a simulated cluster, as its administrator.</summary>
internal static partial class ApiHttp
{
    public static HttpClient ClientOf(SimulatedCluster cluster)
    {
        var token = Token().Match(cluster.Kubeconfig()).Groups[1].Value;
        var client = new HttpClient(new SocketsHttpHandler
        {
            // The certificate is of the cluster's own authority; what is tested here is what the API says.
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        {
            BaseAddress = cluster.ApiServer,
            Timeout = TimeSpan.FromSeconds(30),
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    [GeneratedRegex("token: \"?([^\"\\s]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
