using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Access.Certificates;
using ClusterSim.Access.Tokens;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Tests.Access;

internal sealed class AuthenticatorTests
{
    [Test]
    public void A_bearer_token_stands_for_its_identity()
    {
        using var cluster = new AccessCluster();
        var token = cluster.Access.StaticTokens.Issue(new UserInfo("ann", ["team-invoices"]));

        var user = Authenticate(cluster, ("Authorization", $"Bearer {token}"));

        Assert.That(user.Name, Is.EqualTo("ann"));
        Assert.That(user.Groups, Is.EqualTo((string[])["team-invoices", "system:authenticated"]));
    }

    [Test]
    public void Who_says_nothing_is_anonymous_and_who_says_something_wrong_is_refused()
    {
        using var cluster = new AccessCluster();

        Assert.That(Authenticate(cluster), Is.SameAs(UserInfo.Anonymous));
        Assert.That(() => Authenticate(cluster, ("Authorization", "Bearer nonsense")), Throws.TypeOf<KubernetesApiException>().With.Property("Code").EqualTo(401));
        Assert.That(() => Authenticate(cluster, ("Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.bm9uc2Vuc2U, v4.channel.k8s.io")),
            Throws.TypeOf<KubernetesApiException>().With.Property("Code").EqualTo(401));
    }

    [Test]
    public void Impersonation_needs_leave_for_every_part()
    {
        using var cluster = new AccessCluster();
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","rules":[{"apiGroups":[""],"resources":["users"],"resourceNames":["ann"],"verbs":["impersonate"]}]}""", null, "as-ann");
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","roleRef":{"kind":"ClusterRole","name":"as-ann"},"subjects":[{"kind":"User","name":"bob"}]}""", null, "as-ann");
        var token = cluster.Access.StaticTokens.Issue(new UserInfo("bob", []));

        Assert.That(As(("Impersonate-User", "ann")).Name, Is.EqualTo("ann"));
        Assert.That(() => As(("Impersonate-User", "eve")), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "users \"eve\" is forbidden: User \"bob\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"));
        Assert.That(() => As(("Impersonate-User", "ann"), ("Impersonate-Group", "system:masters")), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "groups \"system:masters\" is forbidden: User \"bob\" cannot impersonate resource \"groups\" in API group \"\" at the cluster scope"));
        Assert.That(() => As(("Impersonate-User", "system:serviceaccount:web:robot")), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo(
            "serviceaccounts \"robot\" is forbidden: User \"bob\" cannot impersonate resource \"serviceaccounts\" in API group \"\" in the namespace \"web\""));
        Assert.That(() => As(("Impersonate-Group", "dev")), Throws.TypeOf<KubernetesApiException>().With.Property("Code").EqualTo(400));

        UserInfo As(params (string, string)[] headers) => Authenticate(cluster, [("Authorization", $"Bearer {token}"), .. headers]);
    }

    [Test]
    public async Task A_client_certificate_of_this_cluster_names_its_user_over_tls_and_one_of_another_does_not()
    {
        using var ours = ClusterCertificates.Create(TimeProvider.System);
        using var theirs = ClusterCertificates.Create(TimeProvider.System);
        using var serving = ours.Serve(addresses: [IPAddress.Parse("10.96.0.1")]);
        var ann = new UserInfo("ann", ["team-invoices", "ops"]);

        var named = ours.Verify(await Presented(serving, ours, ours.Issue(ann)));
        var foreign = ours.Verify(await Presented(serving, ours, theirs.Issue(ann)));

        Assert.That(named?.Name, Is.EqualTo("ann"));
        Assert.That(named?.Groups, Is.EqualTo((string[])["team-invoices", "ops"]));
        Assert.That(foreign, Is.Null);
        Assert.That(ours.Verify(serving), Is.Null, "a serving certificate is no client's");
    }

    [Test]
    public void A_client_certificate_ends_with_its_time()
    {
        var clock = new SettableClock();
        using var authority = ClusterCertificates.Create(clock);
        var issued = authority.Issue(new UserInfo("ann", []), TimeSpan.FromHours(1));
        using var certificate = X509Certificate2.CreateFromPem(issued.CertificatePem, issued.KeyPem);
        Assert.That(authority.Verify(certificate), Is.Not.Null);

        clock.Now += TimeSpan.FromHours(2);

        Assert.That(authority.Verify(certificate), Is.Null);
    }

    // A handshake on a real socket; what the server is shown.
    private static async Task<X509Certificate2> Presented(X509Certificate2 serving, ClusterCertificates trusted, ClientCertificate client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var toServer = new TcpClient();
        await toServer.ConnectAsync((IPEndPoint)listener.LocalEndpoint, limit.Token);
        using var toClient = await listener.AcceptTcpClientAsync(limit.Token);
        await using var server = new SslStream(toClient.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        await using var clientStream = new SslStream(toServer.GetStream());
        using var pair = X509Certificate2.CreateFromPem(client.CertificatePem, client.KeyPem);
        using var authority = X509Certificate2.CreateFromPem(trusted.AuthorityPem);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority);
        var accepting = server.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = serving, ClientCertificateRequired = true }, limit.Token);
        await clientStream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", ClientCertificates = [pair], CertificateChainPolicy = policy, EnabledSslProtocols = SslProtocols.Tls12 }, limit.Token);
        await accepting;
        return X509CertificateLoader.LoadCertificate(server.RemoteCertificate!.Export(X509ContentType.Cert));
    }

    private static UserInfo Authenticate(AccessCluster cluster, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var context = new DefaultHttpContext();
        foreach (var (name, value) in headers)
            context.Request.Headers.Append(name, value);
        return cluster.Access.Authenticator().Authenticate(context);
    }
}
