using Microsoft.Extensions.Logging.Abstractions;
using PaymentProvider.Access;
using Processes;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace PaymentProvider.Tests;

[TestFixture]
internal sealed class CallerTokensTests
{
    private readonly SetClock _clock = new();
    private TestIssuer _issuer = null!;
    private WireMockServer _published = null!;
    private IssuerKeys _keys = null!;
    private CallerTokens _tokens = null!;

    private int Fetches => _published.LogEntries.Count;

    [SetUp]
    public void Start()
    {
        _issuer = new TestIssuer(_clock);
        _published = WireMockServer.Start();
        Publish();
        (_keys, _tokens) = Provider(new AccessSettings { Issuer = _issuer.Issuer, KeysUrl = KeysUrl });
    }

    [TearDown]
    public void Stop()
    {
        _keys.Dispose();
        _published.Dispose();
        _issuer.Dispose();
    }

    [Test]
    public async Task A_good_token_names_its_bearer([Values] bool rsa)
    {
        _issuer.Rotate(rsa);
        Publish();

        Assert.That(await ReadAsync(_issuer.Token()), Is.EqualTo(CallerVerdict.Known(TestIssuer.InvoiceApp)));
        Assert.That(await ReadAsync(_issuer.Token("system:serviceaccount:other:app")), Is.EqualTo(CallerVerdict.Known("system:serviceaccount:other:app")));
    }

    [Test]
    public async Task Keys_are_asked_for_once()
    {
        for (var i = 0; i < 20; i++)
            Assert.That((await ReadAsync(_issuer.Token(lifetime: TimeSpan.FromMinutes(i + 1)))).Kind, Is.EqualTo(CallerVerdictKind.Known));

        Assert.That(Fetches, Is.EqualTo(1));
        Assert.That(_published.LogEntries.Single().RequestMessage!.Headers!.Keys, Has.No.Member("Authorization"));
    }

    [Test]
    public async Task Many_callers_at_once_ask_for_the_keys_once()
    {
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => ReadAsync(_issuer.Token(lifetime: TimeSpan.FromMinutes(i + 1)))));

        Assert.That(verdicts, Has.All.EqualTo(CallerVerdict.Known(TestIssuer.InvoiceApp)));
        Assert.That(Fetches, Is.EqualTo(1));
    }

    [TestCase(29, true)]
    [TestCase(31, false)]
    public async Task A_token_expires_even_when_it_was_seen_before(int secondsAfter, bool good)
    {
        var token = _issuer.Token(lifetime: TimeSpan.FromMinutes(10));
        Assert.That((await ReadAsync(token)).Kind, Is.EqualTo(CallerVerdictKind.Known));

        _clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(secondsAfter));

        var expected = good ? CallerVerdict.Known(TestIssuer.InvoiceApp) : CallerVerdict.Unknown("the token has expired");
        Assert.That(await ReadAsync(token), Is.EqualTo(expected), "seen before");
        Assert.That(await ReadAsync(_issuer.Token(startsIn: -TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(secondsAfter), lifetime: TimeSpan.FromMinutes(10))), Is.EqualTo(expected), "new");
    }

    [Test]
    public async Task A_token_that_is_not_good_is_told_why()
    {
        using var foreign = new TestIssuer(_clock, "https://elsewhere.test");
        using var impostor = new TestIssuer(_clock);
        var good = _issuer.Token();
        var parts = good.Split('.');

        Assert.That(await ReasonAsync("nonsense"), Is.EqualTo("the token is no JSON Web Token"));
        Assert.That(await ReasonAsync("a.b.c"), Is.EqualTo("the token is no JSON Web Token"));
        Assert.That(await ReasonAsync(foreign.Token()), Is.EqualTo("the token is of another issuer"));
        Assert.That(await ReasonAsync(_issuer.Token(audience: "https://kubernetes.default.svc.cluster.local")), Is.EqualTo("the token is for another audience"));
        Assert.That(await ReasonAsync(_issuer.Token(startsIn: TimeSpan.FromMinutes(1))), Is.EqualTo("the token is not valid yet"));
        Assert.That(await ReasonAsync(_issuer.Token(startsIn: -TimeSpan.FromMinutes(1), keyId: "key-of-nobody")), Is.EqualTo("the token's key is none of its issuer's: 'key-of-nobody'"));
        Assert.That(await ReasonAsync(impostor.Token()), Is.EqualTo("the token's signature is not its issuer's"));
        Assert.That(await ReasonAsync($"{parts[0]}.{parts[1]}.{impostor.Token().Split('.')[2]}"), Is.EqualTo("the token's signature is not its issuer's"));
        Assert.That(await ReasonAsync(Unsigned(good)), Is.AnyOf("the token's signature is not its issuer's", "the token is signed with an algorithm that is not taken"));
        Assert.That(await ReadAsync(good), Is.EqualTo(CallerVerdict.Known(TestIssuer.InvoiceApp)));
    }

    [Test]
    public async Task A_foreign_token_does_not_make_us_ask_for_keys()
    {
        using var foreign = new TestIssuer(_clock, "https://elsewhere.test");

        await ReadAsync(foreign.Token());
        await ReadAsync("nonsense");

        Assert.That(Fetches, Is.Zero);
    }

    [Test]
    public async Task A_rotated_key_is_asked_for_and_the_old_one_stays_good()
    {
        var old = _issuer.Token();
        await ReadAsync(old);
        _clock.Advance(IssuerKeys.PauseMin);
        _issuer.Rotate();
        Publish();

        Assert.That((await ReadAsync(_issuer.Token())).Kind, Is.EqualTo(CallerVerdictKind.Known));
        Assert.That((await ReadAsync(old)).Kind, Is.EqualTo(CallerVerdictKind.Known));
        Assert.That(Fetches, Is.EqualTo(1), "since the log was emptied: once for the new key");
    }

    [Test]
    public async Task A_key_that_may_have_been_made_since_the_last_look_is_not_refused_but_asked_to_wait()
    {
        await ReadAsync(_issuer.Token());
        _clock.Advance(TimeSpan.FromSeconds(2));
        _issuer.Rotate();
        Publish();
        var renewed = _issuer.Token();

        var early = await ReadAsync(renewed);
        _clock.Advance(IssuerKeys.PauseMin);
        var later = await ReadAsync(renewed);

        Assert.That(early.Kind, Is.EqualTo(CallerVerdictKind.Unknowable));
        Assert.That(early.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(3)));
        Assert.That(later, Is.EqualTo(CallerVerdict.Known(TestIssuer.InvoiceApp)));
        Assert.That((await ReadAsync(_issuer.Token(startsIn: -TimeSpan.FromMinutes(1), keyId: "older"))).Kind, Is.EqualTo(CallerVerdictKind.Unknown), "the keys were asked for after it was signed");
    }

    [Test]
    public async Task A_key_that_was_taken_back_is_forgotten()
    {
        var old = _issuer.Token();
        await ReadAsync(old);
        _issuer.Rotate();
        _issuer.ForgetOldKeys();
        Publish();
        _clock.Advance(IssuerKeys.AgeMax + TimeSpan.FromSeconds(1));

        await Eventually.ThatAsync(async () => (await ReadAsync(old)).Kind == CallerVerdictKind.Unknown, "the old key's token is refused");
        Assert.That((await ReadAsync(_issuer.Token())).Kind, Is.EqualTo(CallerVerdictKind.Known));
    }

    [Test]
    public async Task Made_up_keys_do_not_make_us_ask_more_often()
    {
        await ReadAsync(_issuer.Token());
        for (var i = 0; i < 20; i++)
            await ReadAsync(_issuer.Token(keyId: $"made-up-{i}"));
        Assert.That(Fetches, Is.EqualTo(1));

        _clock.Advance(IssuerKeys.PauseMin);
        for (var i = 0; i < 20; i++)
            await ReadAsync(_issuer.Token(keyId: $"made-up-{i}"));
        Assert.That(Fetches, Is.EqualTo(2));
    }

    [Test]
    public async Task An_unreachable_issuer_leaves_the_keys_known_good()
    {
        await ReadAsync(_issuer.Token());
        _published.Stop();
        _clock.Advance(TimeSpan.FromDays(1));

        Assert.That(await ReadAsync(_issuer.Token()), Is.EqualTo(CallerVerdict.Known(TestIssuer.InvoiceApp)));

        var unknown = await ReadAsync(_issuer.Token(keyId: "new"));
        Assert.That(unknown.Kind, Is.EqualTo(CallerVerdictKind.Unknowable));
        Assert.That(unknown.Reason, Does.StartWith("the issuer's keys cannot be had: "));
        Assert.That(await ReadAsync(_issuer.Token()), Is.EqualTo(CallerVerdict.Known(TestIssuer.InvoiceApp)));
    }

    [TestCase(500, "{}", "the issuer answered 500")]
    [TestCase(403, "{}", "the issuer answered 403")]
    [TestCase(200, """{"keys":[]}""", "the issuer's answer holds no public keys")]
    [TestCase(200, """{"keys":[{"kty":"oct","kid":"key-1","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U"}]}""", "the issuer's answer holds no public keys")]
    public async Task While_there_are_no_keys_nobody_is_refused_for_it(int status, string body, string why)
    {
        Publish(status, body);

        Assert.That(await ReadAsync(_issuer.Token()), Is.EqualTo(CallerVerdict.Unknowable($"the issuer's keys cannot be had: {why}", IssuerKeys.RetryFirst)));

        Publish();
        _clock.Advance(IssuerKeys.RetryFirst);
        Assert.That((await ReadAsync(_issuer.Token())).Kind, Is.EqualTo(CallerVerdictKind.Known));
    }

    [Test]
    public async Task Keys_that_could_not_be_had_are_asked_for_again_soon_then_less_and_less_often()
    {
        Publish(503, "{}");
        var pauses = new List<double>();

        for (var failures = 0; failures < 7; failures++)
        {
            var verdict = await ReadAsync(_issuer.Token());
            Assert.That((await ReadAsync(_issuer.Token())).RetryAfter, Is.EqualTo(verdict.RetryAfter), "not asked for meanwhile");
            pauses.Add(verdict.RetryAfter.TotalSeconds);
            _clock.Advance(verdict.RetryAfter);
        }

        Assert.That(pauses, Is.EqualTo((double[])[0.25, 0.5, 1, 2, 4, 5, 5]));
        Assert.That(Fetches, Is.EqualTo(7));
    }

    [Test]
    public async Task Our_own_token_is_sent_for_the_keys_and_read_each_time()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{TestContext.CurrentContext.Test.ID}.token");
        await File.WriteAllTextAsync(file, "ours\n");
        var (keys, tokens) = Provider(new AccessSettings { Issuer = _issuer.Issuer, KeysUrl = KeysUrl, KeysTokenFile = file });
        using (keys)
            await tokens.ReadAsync(_issuer.Token(), default);

        Assert.That(_published.LogEntries.Single().RequestMessage!.Headers!["Authorization"].ToString(), Is.EqualTo("Bearer ours"));
    }

    private Uri KeysUrl => new($"{_published.Url}/openid/v1/jwks");

    private static string Unsigned(string token)
    {
        var none = Convert.ToBase64String("""{"alg":"none","kid":"key-1","typ":"JWT"}"""u8).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return $"{none}.{token.Split('.')[1]}.";
    }

    private async Task<string?> ReasonAsync(string token)
    {
        var verdict = await ReadAsync(token);
        Assert.That(verdict.Kind, Is.EqualTo(CallerVerdictKind.Unknown), token);
        return verdict.Reason;
    }

    private Task<CallerVerdict> ReadAsync(string token) => _tokens.ReadAsync(token, CancellationToken.None).AsTask();

    private void Publish(int status = 200, string? body = null)
    {
        _published.Reset();
        _published.Given(Request.Create().WithPath("/openid/v1/jwks").UsingGet())
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/jwk-set+json").WithBody(body ?? _issuer.Jwks));
    }

    private (IssuerKeys Keys, CallerTokens Tokens) Provider(AccessSettings settings)
    {
        var process = new ServiceProcess
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal),
            Output = Stream.Null,
            Error = Stream.Null,
            Clock = _clock,
            Network = MachineProcess.MachineNetwork.Instance,
        };
        var keys = new IssuerKeys(settings, process, NullLogger<IssuerKeys>.Instance);
        return (keys, new CallerTokens(settings, keys, process));
    }

    /// <summary>Shows the time that it was set to; timers run as ever.</summary>
    private sealed class SetClock : TimeProvider
    {
        private TimeSpan _passed;

        public void Advance(TimeSpan span) => _passed += span;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _passed.Ticks;

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero) + _passed;
    }
}
