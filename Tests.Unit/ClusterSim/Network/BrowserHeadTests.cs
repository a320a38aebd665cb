using System.Text;
using ClusterSim.Http.Browsers;
using ClusterSim.Network.Services;

namespace ClusterSim.Tests.Network;

/// <summary>What a Service's port does with the first bytes of a connection.</summary>
public sealed class BrowserHeadTests
{
    [TestCase("EHLO mail.example\r\n")]
    [TestCase("PING")]
    [TestCase("PING\r\n")]
    [TestCase("get key\r\n")]
    [TestCase("SET a b\r\n")]
    [TestCase("GET key\r\n")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [TestCase("\x16\x03\x01\x02")]
    [TestCase("\0\0\0\x08\x04\xd2\x16\x2f")]
    [TestCase("GET /\r\n")]
    [TestCase("GET / HTTP/1.0\n\n")]
    public void What_is_not_of_a_browser_passes_at_once(string bytes)
    {
        var sent = Encoding.Latin1.GetBytes(bytes);

        var passed = Head(new BrowserOptions()).Take(sent);

        Assert.That(passed.ToArray(), Is.EqualTo(sent));
    }

    [TestCase("GET / HTTP/1.1\r\nHost: any.example\r\nUser-Agent: curl/8\r\n\r\nGET /more")]
    [TestCase("POST /x HTTP/1.1\r\nHost: any.example\r\nConnection: keep-alive\r\n\r\nbody")]
    [TestCase("GET /chat HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")]
    public void A_request_that_may_pass_is_not_changed_unless_its_connection_would_stay(string request)
    {
        var head = Head(new BrowserOptions());
        var passed = new StringBuilder();

        foreach (var letter in request)
            passed.Append(Encoding.Latin1.GetString(head.Take(new[] { (byte)letter }).Span));

        Assert.That(passed.ToString(), Is.EqualTo(request));
    }

    [Test]
    public void A_browsers_request_is_the_only_one_of_its_connection()
    {
        var passed = Head(new BrowserOptions()).Take("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\nSec-Fetch-Site: none\r\n\r\n"u8.ToArray());

        Assert.That(Encoding.ASCII.GetString(passed.Span), Is.EqualTo("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nConnection: close\r\n\r\n"));
    }

    [Test]
    public void A_head_that_never_ends_is_refused()
    {
        var head = Head(new BrowserOptions());

        for (var sent = 0; sent <= 64 * 1024; sent += 1024)
            head.Take(Encoding.ASCII.GetBytes(sent == 0 ? "GET /" + new string('x', 1019) : new string('x', 1024)));

        Assert.That(head.Refusal, Is.EqualTo("the head of the request has more than 65536 bytes"));
    }

    [Test]
    public void What_was_held_when_the_caller_ends_is_passed_on()
    {
        var head = Head(new BrowserOptions());

        head.Take("GET / HTTP/1.1\r\nHost"u8.ToArray());

        Assert.That(Encoding.ASCII.GetString(head.Complete().Span), Is.EqualTo("GET / HTTP/1.1\r\nHost"));
    }

    [TestCase("http://localhost:3000", "", false)]
    [TestCase("http://localhost:3001", "", true)]
    [TestCase("https://localhost:3000", "", true)]
    [TestCase("", "http://localhost:3000/page", false)]
    [TestCase("", "http://localhost:3001/page", true)]
    public void An_allowed_origin_may_call(string origin, string referer, bool refused)
    {
        var head = Head(new BrowserOptions { AllowedOrigins = ["http://localhost:3000"] });

        head.Take(Encoding.ASCII.GetBytes(
            $"POST / HTTP/1.1\r\nHost: localhost:8080\r\n{(origin.Length > 0 ? $"Origin: {origin}\r\n" : "")}{(referer.Length > 0 ? $"Referer: {referer}\r\n" : "")}Sec-Fetch-Site: same-site\r\n\r\n"));

        Assert.That(head.Refusal is not null, Is.EqualTo(refused));
    }

    [TestCase("shop.test", false)]
    [TestCase("eu.wild.test", false)]
    [TestCase("a.eu.wild.test:8080", false)]
    [TestCase("wild.test", true)]
    [TestCase("notshop.test", true)]
    public void An_allowed_host_may_be_named(string host, bool refused)
    {
        var head = Head(new BrowserOptions { AllowedHosts = ["shop.test", "*.wild.test"] });

        head.Take(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {host}\r\nAccept-Language: en\r\n\r\n"));

        Assert.That(head.Refusal is not null, Is.EqualTo(refused));
    }

    [Test]
    public void This_machines_own_name_may_be_named()
    {
        var head = Head(new BrowserOptions());

        head.Take(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {System.Net.Dns.GetHostName()}:8080\r\nAccept-Language: en\r\n\r\n"));

        Assert.That(head.Refusal, Is.Null);
    }

    [Test]
    public void An_asterisk_allows_every_origin_and_host()
    {
        var head = Head(new BrowserOptions { AllowedHosts = ["*"], AllowedOrigins = ["*"] });

        head.Take("POST / HTTP/1.1\r\nHost: evil.example\r\nOrigin: null\r\nSec-Fetch-Site: cross-site\r\n\r\n"u8.ToArray());

        Assert.That(head.Refusal, Is.Null);
    }

    [TestCase("localhost:3000", "AllowedOrigins: found \"localhost:3000\"")]
    [TestCase("http://localhost:3000/", "AllowedOrigins: found \"http://localhost:3000/\"")]
    [TestCase("", "AllowedOrigins: found \"\"")]
    public void An_origin_that_is_none_is_an_error(string origin, string message) =>
        Assert.That(() => Head(new BrowserOptions { AllowedOrigins = [origin] }), Throws.ArgumentException.With.Message.Contains(message));

    [TestCase("shop.test:80")]
    [TestCase("http://shop.test")]
    [TestCase("")]
    public void A_host_that_is_none_is_an_error(string host) =>
        Assert.That(() => Head(new BrowserOptions { AllowedHosts = [host] }), Throws.ArgumentException.With.Message.Contains($"AllowedHosts: found \"{host}\""));

    private static BrowserHead Head(BrowserOptions options) => new(new BrowserCheck(options, "Test") { Server = "a test" });
}
