using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using ClusterSim;

namespace ClusterSim.Tests.Fidelity;

/// <summary>HTTP to a simulated cluster, as its administrator.</summary>
internal static partial class ApiHttp
{
    public static HttpClient ClientOf(SimulatedCluster cluster)
    {
        var token = Token().Match(cluster.Kubeconfig()).Groups[1].Value;
        var client = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = TrustOf(cluster) } })
        {
            BaseAddress = cluster.ApiServer,
            Timeout = TimeSpan.FromSeconds(30),
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Trust in the cluster's own authority, and in nobody else.</summary>
    public static X509ChainPolicy TrustOf(SimulatedCluster cluster) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(Authority().Match(cluster.Kubeconfig()).Groups[1].Value))) },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    [GeneratedRegex("certificate-authority-data: \"?([^\"\\s]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Authority();

    [GeneratedRegex("token: \"?([^\"\\s]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
