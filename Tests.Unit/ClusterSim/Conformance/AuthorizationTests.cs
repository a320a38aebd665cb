using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>What Kubernetes' conformance tests of authorization expect of the API: accounts, tokens, reviews, the issuer.</summary>
public sealed class AuthorizationTests
{
    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _api = await CustomCluster.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [Test]
    public async Task A_service_account_lives_through_its_life()
    {
        const string accounts = "/api/v1/namespaces/default/serviceaccounts";
        Assert.That((await _api.PostAsync(accounts, """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"life","labels":{"test":"static"}},"automountServiceAccountToken":false}""")).Code, Is.EqualTo(201));
        Assert.That((await _api.SendAsync("PATCH", $"{accounts}/life", """{"automountServiceAccountToken":true}""", "application/strategic-merge-patch+json")).Body!["automountServiceAccountToken"]!.GetValue<bool>());
        Assert.That((await _api.GetAsync("/api/v1/serviceaccounts?labelSelector=test%3Dstatic")).Body!["items"]!.AsArray(), Has.Count.EqualTo(1));
        var live = (await _api.GetAsync($"{accounts}/life")).Body!;
        live["automountServiceAccountToken"] = false;
        Assert.That((await _api.PutAsync($"{accounts}/life", live)).Body!["automountServiceAccountToken"]!.GetValue<bool>(), Is.False);
        Assert.That((await _api.DeleteAsync($"{accounts}?labelSelector=test%3Dstatic")).Code, Is.EqualTo(200));
        Assert.That((await _api.GetAsync($"{accounts}/life")).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task Every_namespace_has_the_root_certificate_whatever_is_done_to_it()
    {
        await _api.PostAsync("/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"rooted"}}""");
        const string path = "/api/v1/namespaces/rooted/configmaps/kube-root-ca.crt";
        var made = (await _api.UntilAsync(path, answer => answer.Code == 200)).Body!;
        await _api.DeleteAsync(path);
        var again = (await _api.UntilAsync(path, answer => answer.Code == 200 && (string?)answer.Body!["metadata"]!["uid"] != (string?)made["metadata"]!["uid"])).Body!;
        await _api.MergeAsync(path, """{"data":{"ca.crt":""}}""");
        var mended = await _api.UntilAsync(path, answer => (string?)answer.Body!["data"]!["ca.crt"] == (string?)again["data"]!["ca.crt"]);
        Assert.That((string?)mended.Body!["data"]!["ca.crt"], Does.StartWith("-----BEGIN CERTIFICATE-----"));
    }

    [Test]
    public async Task A_secret_of_a_service_account_is_filled_with_its_token_and_goes_with_it()
    {
        const string secrets = "/api/v1/namespaces/default/secrets";
        const string accounts = "/api/v1/namespaces/default/serviceaccounts";
        await _api.PostAsync(accounts, """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"robot"}}""");

        await _api.PostAsync(secrets, Secret("robot-token", "robot"));
        await _api.PostAsync(secrets, Secret("nobodys-token", "nobody"));

        var filled = (await _api.UntilAsync($"{secrets}/robot-token", answer => answer.Body!["data"]?["token"] is not null)).Body!;
        var token = Text(filled["data"]!["token"]!);
        Assert.Multiple(() =>
        {
            Assert.That(Text(filled["data"]!["namespace"]!), Is.EqualTo("default"));
            Assert.That(Text(filled["data"]!["ca.crt"]!), Does.StartWith("-----BEGIN CERTIFICATE-----"));
            Assert.That((string?)filled["metadata"]!["annotations"]!["kubernetes.io/service-account.uid"], Is.Not.Empty);
        });
        Assert.That(await ReviewAsync(token), Is.EqualTo("system:serviceaccount:default:robot"));
        Assert.That(await ReviewAsync(token, "payment-provider"), Does.Contain("is invalid for the target audiences [\"payment-provider\"]"));
        await _api.UntilAsync($"{secrets}/nobodys-token", answer => answer.Code == 404);

        await _api.MergeAsync($"{secrets}/robot-token", """{"data":{"token":"bm8="}}""");
        Assert.That(await ReviewAsync(token), Does.Contain("service account token does not match server's copy"));
        await _api.MergeAsync($"{secrets}/robot-token", """{"data":{"token":null}}""");
        var renewed = Text((await _api.UntilAsync($"{secrets}/robot-token", answer => answer.Body!["data"]?["token"] is not null)).Body!["data"]!["token"]!);
        Assert.That(await ReviewAsync(renewed), Is.EqualTo("system:serviceaccount:default:robot"));
        await _api.DeleteAsync($"{accounts}/robot");
        await _api.UntilAsync($"{secrets}/robot-token", answer => answer.Code == 404);
        Assert.That(await ReviewAsync(renewed), Does.Contain("service account token has been invalidated"));

        static string Secret(string name, string account) =>
            $$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{{name}}}","annotations":{"kubernetes.io/service-account.name":"{{{account}}}"}},"type":"kubernetes.io/service-account-token"}""";

        static string Text(JsonNode base64) => Encoding.UTF8.GetString(Convert.FromBase64String((string)base64!));

        async Task<string?> ReviewAsync(string token, params string[] audiences)
        {
            var spec = new JsonObject { ["token"] = token, ["audiences"] = new JsonArray([.. audiences.Select(audience => (JsonNode)audience)]) };
            var status = (await _api.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview", ["spec"] = spec })).Body!["status"]!;
            return (string?)status["user"]?["username"] ?? (string?)status["error"];
        }
    }

    [Test]
    public async Task A_token_is_made_reviewed_and_used_and_its_issuer_found()
    {
        await _api.UntilAsync("/api/v1/namespaces/default/serviceaccounts/default", answer => answer.Code == 200);
        var made = (await _api.PostAsync("/api/v1/namespaces/default/serviceaccounts/default/token", """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":[],"expirationSeconds":3600}}""")).Body!;
        var token = (string)made["status"]!["token"]!;
        var review = (await _api.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview", ["spec"] = new JsonObject { ["token"] = token } })).Body!;
        Assert.That(review["status"]!["authenticated"]!.GetValue<bool>());
        Assert.That((string?)review["status"]!["user"]!["username"], Is.EqualTo("system:serviceaccount:default:default"));

        var issuer = (await _api.GetAsync("/.well-known/openid-configuration")).Body!;
        var claims = JsonNode.Parse(Encoding.UTF8.GetString(Base64Url(token.Split('.')[1])))!;
        Assert.That((string?)issuer["issuer"], Is.EqualTo((string?)claims["iss"]));
        Assert.That((string?)claims["sub"], Is.EqualTo("system:serviceaccount:default:default"));
        Assert.That((await _api.GetAsync("/openid/v1/jwks")).Body!["keys"]!.AsArray(), Is.Not.Empty);
    }

    [Test]
    public async Task Reviews_say_who_may_do_what()
    {
        await _api.PostAsync("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"e2e"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"e2e"}]}""");
        async Task<bool> MayAsync(string path, string kind, string who, string verb) => (await _api.SendAsync("POST", path,
            $$$"""{"apiVersion":"authorization.k8s.io/v1","kind":"{{{kind}}}","metadata":{"namespace":"default"},"spec":{ {{{who}}}"resourceAttributes":{"namespace":"default","verb":"{{{verb}}}","resource":"configmaps"} } }""",
            user: kind == "SelfSubjectAccessReview" ? "e2e" : null)).Body!["status"]!["allowed"]!.GetValue<bool>();

        foreach (var (verb, expected) in (ReadOnlySpan<(string, bool)>)[("list", true), ("delete", false)])
        {
            Assert.That(MayAsync("/apis/authorization.k8s.io/v1/subjectaccessreviews", "SubjectAccessReview", "\"user\":\"e2e\",", verb).Result, Is.EqualTo(expected));
            Assert.That(MayAsync("/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews", "LocalSubjectAccessReview", "\"user\":\"e2e\",", verb).Result, Is.EqualTo(expected));
            Assert.That(MayAsync("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "SelfSubjectAccessReview", "", verb).Result, Is.EqualTo(expected));
        }
        var self = await _api.SendAsync("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""", user: "e2e");
        Assert.That((string?)self.Body!["status"]!["userInfo"]!["username"], Is.EqualTo("e2e"));
        Assert.That(self.Body["status"]!["userInfo"]!["groups"]!.AsArray().Select(group => (string?)group), Does.Contain("system:authenticated"));
    }

    [Test]
    public async Task A_signing_request_is_approved_and_its_status_written()
    {
        const string path = "/apis/certificates.k8s.io/v1/certificatesigningrequests/approved";
        var created = await _api.PostAsync("/apis/certificates.k8s.io/v1/certificatesigningrequests", new JsonObject
        {
            ["apiVersion"] = "certificates.k8s.io/v1",
            ["kind"] = "CertificateSigningRequest",
            ["metadata"] = new JsonObject { ["name"] = "approved" },
            ["spec"] = new JsonObject { ["request"] = Request(), ["signerName"] = "example.com/e2e", ["usages"] = new JsonArray("digital signature", "key encipherment", "server auth"), ["expirationSeconds"] = 3600 },
        });
        Assert.That(created.Code, Is.EqualTo(201), created.ToString());
        var approval = (await _api.GetAsync(path + "/approval")).Body!;
        approval["status"] = JsonNode.Parse("""{"conditions":[{"type":"Approved","status":"True","reason":"E2E","message":"Set from an e2e test"}]}""");
        var approved = await _api.PutAsync(path + "/approval", approval);
        Assert.That(CustomCluster.ConditionOf(approved.Body, "Approved"), Is.EqualTo("True"), approved.ToString());
        var status = (await _api.GetAsync(path + "/status")).Body!;
        status["status"]!["conditions"]!.AsArray().Add(JsonNode.Parse("""{"type":"Failed","status":"True","reason":"E2E","message":"Set from an e2e test"}"""));
        Assert.That(CustomCluster.ConditionOf((await _api.PutAsync(path + "/status", status)).Body, "Failed"), Is.EqualTo("True"));
        Assert.That((await _api.DeleteAsync(path)).Code, Is.EqualTo(200));
    }

    /// <summary>A request for a certificate, as its spec holds it.</summary>
    internal static string Request()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=e2e.example.com", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(request.CreateSigningRequestPem()));
    }

    private static byte[] Base64Url(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}
