using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Access.Tokens;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ClusterSim.Tests.Access;

internal sealed class TokenTests
{
    private static readonly ResourceType ServiceAccounts = AccessCluster.Resource("serviceaccounts");

    [Test]
    public async Task A_stranger_can_check_a_token_with_the_published_keys()
    {
        using var cluster = WithPod();
        cluster.Clock.Now = TimeProvider.System.GetUtcNow();
        var token = Request(cluster, """{"audiences":["payment-provider"],"expirationSeconds":600}""");
        var discovery = JsonElement.Parse(cluster.Access.Discovery.Answer(IssuerDiscovery.ConfigurationPath)!.Value.Body);
        var keys = new JsonWebKeySet(Encoding.UTF8.GetString(cluster.Access.Discovery.Answer(IssuerDiscovery.KeysPath)!.Value.Body));

        var result = await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = discovery.At("issuer").Text(),
            ValidAudience = "payment-provider",
            IssuerSigningKeys = keys.GetSigningKeys(),
        });

        Assert.That(result.IsValid, Is.True, result.Exception?.Message);
        Assert.That(result.Claims["sub"], Is.EqualTo("system:serviceaccount:invoices:invoice-app"));
    }

    [Test]
    public void A_pods_own_token_lives_a_year_and_says_when_to_warn()
    {
        using var cluster = WithPod();

        var claims = Claims(Request(cluster, Bound("3607")));

        Assert.That(claims.At("exp").Integer() - claims.At("iat").Integer(), Is.EqualTo(365 * 24 * 3600));
        Assert.That(claims.At("kubernetes.io", "warnafter").Integer() - claims.At("iat").Integer(), Is.EqualTo(3607));
        Assert.That(claims.At("kubernetes.io", "pod", "name").Text(), Is.EqualTo("app"));
        Assert.That(claims.At("kubernetes.io", "node", "name").Text(), Is.EqualTo("n1"));
        Assert.That(claims.At("aud").Items().Single().Text(), Is.EqualTo(ServiceAccountTokens.DefaultIssuer));
    }

    [Test]
    public void A_bound_token_dies_with_its_pod()
    {
        using var cluster = WithPod();
        var token = Request(cluster, Bound("3600"));
        Assert.That(Review(cluster, token).At("authenticated").Flag(), Is.True);
        Assert.That(Review(cluster, token).At("user", "extra").At("authentication.kubernetes.io/pod-name").Items().Single().Text(), Is.EqualTo("app"));

        cluster.Admin.Delete(AccessCluster.Resource("pods"), new("invoices", "app"), new DeleteOptions { GracePeriodSeconds = 0 });

        Assert.That(Review(cluster, token).At("error").Text(), Is.EqualTo("[invalid bearer token, service account token has been invalidated]"));
    }

    [Test]
    public void A_token_is_refused_after_its_time_for_another_audience_and_when_its_key_is_retired()
    {
        using var cluster = WithPod();
        var token = Request(cluster, """{"audiences":["payment-provider"],"expirationSeconds":600}""");

        Assert.That(Review(cluster, token, "payment-provider").At("authenticated").Flag(), Is.True);
        Assert.That(Review(cluster, token).At("error").Text(), Is.EqualTo(
            "[invalid bearer token, token audiences [\"payment-provider\"] is invalid for the target audiences [\"https://kubernetes.default.svc.cluster.local\"]]"));

        var old = cluster.Access.Keys.Ids.Single();
        cluster.Access.Keys.Rotate();
        Assert.That(Review(cluster, token, "payment-provider").At("authenticated").Flag(), Is.True, "rotated");
        cluster.Access.Keys.Retire(old);
        Assert.That(Review(cluster, token, "payment-provider").At("error").Text(), Is.EqualTo("invalid bearer token"), "retired");

        var fresh = Request(cluster, """{"audiences":["payment-provider"],"expirationSeconds":600}""");
        cluster.Clock.Now += TimeSpan.FromSeconds(661);
        Assert.That(Review(cluster, fresh, "payment-provider").At("error").Text(), Is.EqualTo("[invalid bearer token, service account token has expired]"));
    }

    [Test]
    public void A_token_that_was_tampered_with_is_nobodys()
    {
        using var cluster = WithPod();
        var parts = Request(cluster, """{"expirationSeconds":600}""").Split('.');
        var claims = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])).Replace("invoice-app", "other-apps", StringComparison.Ordinal);
        var forged = $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.{parts[2]}";
        var unsigned = $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{parts[1]}.";
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var foreign = $"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(stranger.SignData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), HashAlgorithmName.SHA256))}";

        Assert.Multiple(() =>
        {
            foreach (var bad in (string[])[forged, unsigned, foreign, "", "a.b.c", "....", parts[0], parts[0] + "." + parts[1] + "." + parts[2] + "A="])
                if (bad.Length > 0)
                    Assert.That(Review(cluster, bad).At("authenticated").Exists(), Is.False, bad);
        });
    }

    [Test]
    public void A_kubelet_gets_tokens_for_its_own_pods_only()
    {
        using var cluster = WithPod();

        Assert.That(() => Ask(cluster, UserInfo.Node("n1"), Bound("3607", Uid(cluster))), Throws.Nothing);
        Assert.That(() => Ask(cluster, UserInfo.Node("n2"), Bound("3607", Uid(cluster))), Throws.TypeOf<KubernetesApiException>());
        Assert.That(() => Ask(cluster, UserInfo.Node("n1"), """{"expirationSeconds":600}"""),
            Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo("serviceaccounts \"invoice-app\" is forbidden: node requested token not bound to a pod"));
    }

    [Test]
    public void A_token_lives_at_least_ten_minutes()
    {
        using var cluster = WithPod();

        var refusal = Assert.Throws<KubernetesApiException>(() => Request(cluster, """{"expirationSeconds":599}"""));

        Assert.That(refusal!.Told, Is.EqualTo(
            "TokenRequest.authentication.k8s.io \"invoice-app\" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"));
    }

    private static AccessCluster WithPod()
    {
        var cluster = new AccessCluster();
        cluster.Namespace("invoices");
        cluster.Create("""{"apiVersion":"v1","kind":"ServiceAccount"}""", "invoices", "invoice-app");
        cluster.Create("""{"apiVersion":"v1","kind":"Pod","spec":{"serviceAccountName":"invoice-app","nodeName":"n1","containers":[{"name":"main","image":"i"}]}}""", "invoices", "app");
        return cluster;
    }

    private static string Uid(AccessCluster cluster) => cluster.Store.Find(new("", "pods"), new("invoices", "app"))!.Uid;

    private static string Bound(string seconds, string? uid = null) =>
        $$$"""{"expirationSeconds":{{{seconds}}},"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"app","uid":"{{{uid}}}"}}""";

    private static string Request(AccessCluster cluster, string spec) => Ask(cluster, UserInfo.ApiServer, spec);

    private static string Ask(AccessCluster cluster, UserInfo user, string spec) =>
        cluster.As(user).CreateSubresource(ServiceAccounts, new("invoices", "invoice-app"), "token", new JsonObject { ["spec"] = JsonNode.Parse(spec) })
            .Answer!["status"]!["token"]!.GetValue<string>();

    private static JsonElement Review(AccessCluster cluster, string token, params string[] audiences) => cluster.Server.Create(
        new RequestTarget(UserInfo.ApiServer, AccessCluster.Resource("tokenreviews", "authentication.k8s.io"), null, null),
        new JsonObject { ["spec"] = new JsonObject { ["token"] = token, ["audiences"] = new JsonArray([.. audiences.Select(audience => (JsonNode)audience)]) } },
        WriteOptions.None).Answer!.ToElement().At("status");

    private static JsonElement Claims(string token) => JsonElement.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
}
