using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using ClusterSim;

namespace Tests.Unit.ClusterSim.Fidelity;

/// <summary>HTTP to a simulated cluster, as its administrator.</summary>
internal static partial class ApiHttp
{
    public static HttpClient ClientOf(SimulatedCluster cluster)
    {
        var kubeconfig = cluster.Kubeconfig();
        var token = Token().Match(kubeconfig).Groups[1].Value;
        var authority = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(Authority().Match(kubeconfig).Groups[1].Value)));
        var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        })
        {
            BaseAddress = cluster.ApiServer,
            Timeout = TimeSpan.FromSeconds(30),
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    [GeneratedRegex("certificate-authority-data: \"?([^\"\\s]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Authority();

    [GeneratedRegex("token: \"?([^\"\\s]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
