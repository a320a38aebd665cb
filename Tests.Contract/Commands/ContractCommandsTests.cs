using System.Text;
using System.Text.Json.Nodes;
using Tests.Contract.Consumer;
using Tests.Contract.Provider;

namespace Tests.Contract.Commands;

/// <summary>make pact-verify, pact-publish and can-i-deploy, against a stub of a broker.</summary>
[TestFixture]
internal sealed class ContractCommandsTests
{
    private BrokerStub _broker = null!;

    [SetUp]
    public async Task Start() => _broker = await BrokerStub.StartAsync();

    [TearDown]
    public async Task Stop() => await _broker.DisposeAsync();

    [Test]
    public async Task Publishing_sends_the_committed_pact_with_version_and_branch()
    {
        var (exit, output) = await RunAsync("publish", ("PACT_BROKER_TOKEN", "secret"), ("PACT_BUILD_URL", "https://ci.test/1"));

        Assert.That((exit, output), Is.EqualTo((0,
            "Pact successfully published\ncontract: InvoiceApp-PaymentProvider.json is published as InvoiceApp abc123 of main\n")));
        var asked = _broker.All.Single();
        Assert.That((asked.Method, asked.Path, asked.Authorization), Is.EqualTo(("POST", "/contracts/publish", "Bearer secret")));
        var body = JsonNode.Parse(asked.Body)!;
        var content = body["contracts"]![0]!.AsObject();
        Assert.That(Encoding.UTF8.GetString(Convert.FromBase64String((string)content["content"]!)), Is.EqualTo(await File.ReadAllTextAsync(Pacts.CommittedFile)));
        content.Remove("content");
        Assert.That(body.ToJsonString(), Is.EqualTo(
            """{"pacticipantName":"InvoiceApp","pacticipantVersionNumber":"abc123","contracts":[{"consumerName":"InvoiceApp","providerName":"PaymentProvider","specification":"pact","contentType":"application/json"}],"branch":"main","buildUrl":"https://ci.test/1"}"""));
    }

    [Test]
    public async Task The_script_takes_version_and_branch_from_git()
    {
        var script = Repository.Path("eng/contract.sh");
        var head = await Tool.RunAsync("bash", ["-c", $"cd '{Repository.Root}' && git rev-parse HEAD"]);
        if (head.ExitCode != 0 || !File.Exists(Repository.Path("Tests.Contract/bin/Release/net10.0/Tests.Contract.dll")))
            Assert.Ignore("this is no checkout of git's, or not built for release");
        var branch = await Tool.RunAsync("bash", ["-c", $"cd '{Repository.Root}' && git symbolic-ref --quiet --short HEAD"]);

        var published = await Tool.RunAsync("bash", [script, "publish"], environment: new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PACT_BROKER_BASE_URL"] = _broker.Url.AbsoluteUri,
            ["PACT_VERSION"] = null,
            ["PACT_BRANCH"] = null,
        });

        Assert.That(published.ExitCode, Is.Zero, published.Output + published.Error);
        var body = JsonNode.Parse(_broker.All.Single().Body)!;
        Assert.That((string?)body["pacticipantVersionNumber"], Is.EqualTo(head.Output.Trim()));
        Assert.That((string?)body["branch"] ?? "", Is.EqualTo(branch.Output.Trim()), "none on a detached head");
    }

    [Test]
    public async Task A_name_and_a_password_will_do_for_a_token()
    {
        await RunAsync("publish", ("PACT_BROKER_USERNAME", "me"), ("PACT_BROKER_PASSWORD", "hush"));

        Assert.That(_broker.All.Single().Authorization, Is.EqualTo("Basic " + Convert.ToBase64String("me:hush"u8)));
    }

    [Test]
    public async Task A_broker_that_refuses_is_quoted()
    {
        _broker.Always = (409, """{"errors":["the contract has changed for the same version"]}""");

        var (exit, output) = await RunAsync("publish");

        Assert.That((exit, output), Is.EqualTo((2,
            "contract: the broker would not publish the pact: it answered 409, {\"errors\":[\"the contract has changed for the same version\"]}\n")));
    }

    [TestCase(true, 0, "contract: PaymentProvider abc123 may be deployed to staging: all is verified\n")]
    [TestCase(false, 1, "contract: PaymentProvider abc123 may not be deployed to staging: a verification is missing\n")]
    [TestCase(null, 1, "contract: PaymentProvider abc123 may not be deployed to staging: a verification is missing\n")]
    public async Task Whether_to_deploy_is_the_brokers_to_say(bool? deployable, int exit, string output)
    {
        _broker.Deployable = deployable;

        Assert.That(await RunAsync("can-i-deploy", ("PACTICIPANT", "PaymentProvider"), ("PACT_ENVIRONMENT", "staging")), Is.EqualTo((exit, output)));

        var asked = _broker.All.Single();
        Assert.That((asked.Method, asked.Path + asked.Query), Is.EqualTo(("GET", "/can-i-deploy?pacticipant=PaymentProvider&version=abc123&environment=staging")));
    }

    [Test]
    public async Task A_brokers_pacts_are_verified_and_it_is_told_how_it_went()
    {
        await using var provider = await ContractPostgres.ProviderOrSkipAsync();

        var (exit, output) = await RunAsync("verify",
            ("PROVIDER_URL", provider.Url.AbsoluteUri), ("STATES_URL", provider.StatesUrl.AbsoluteUri), ("PACT_BROKER_TOKEN", "secret"), ("PACT_PUBLISH_RESULTS", "true"));
        SkipWithoutCore(exit, output);

        Assert.That(exit, Is.Zero, output);
        Assert.That(_broker.All.Select(asked => asked.Authorization), Has.All.EqualTo("Bearer secret"));
        var selected = JsonNode.Parse(_broker.All.Single(asked => asked is { Method: "POST", Path: "/pacts/provider/PaymentProvider/for-verification" }).Body)!;
        Assert.That((string?)selected["providerVersionBranch"], Is.EqualTo("main"));
        Assert.That(selected["consumerVersionSelectors"]!.ToJsonString(), Is.EqualTo("""[{"mainBranch":true},{"deployedOrReleased":true}]"""));
        var result = JsonNode.Parse(_broker.All.Single(asked => asked.Path == "/pacts/the-one/results").Body)!;
        Assert.That(((bool)result["success"]!, (string?)result["providerApplicationVersion"]), Is.EqualTo((true, "abc123")));
        Assert.That(result["testResults"]!.AsArray(), Has.Count.EqualTo(PaymentInteractions.All.Count));
        Assert.That(_broker.All.Select(asked => (asked.Method, asked.Path)), Has.Member(("PUT", "/pacticipants/PaymentProvider/branches/main/versions/abc123")));
    }

    [Test]
    public async Task A_broken_provider_is_told_to_the_broker_and_ends_with_1()
    {
        await using var real = await ContractPostgres.ProviderOrSkipAsync();
        await using var broken = await BrokenProvider.StartAsync(real.Url, (_, answer) => answer.Body.Remove("error"));

        var (exit, output) = await RunAsync("verify", ("PROVIDER_URL", broken.Url.AbsoluteUri), ("STATES_URL", real.StatesUrl.AbsoluteUri), ("PACT_PUBLISH_RESULTS", "true"));
        SkipWithoutCore(exit, output);

        Assert.That(exit, Is.EqualTo(1), output);
        Assert.That((bool)JsonNode.Parse(_broker.All.Single(asked => asked.Path == "/pacts/the-one/results").Body)!["success"]!, Is.False);
    }

    [Test]
    public async Task A_provider_known_by_its_url_alone_is_verified_as_far_as_its_states_can_be_made()
    {
        await using var provider = await ContractPostgres.ProviderOrSkipAsync();
        var token = (await provider.SetUpAsync(new ProviderState(Contracts.ProviderStates.NotPaid, new Dictionary<string, string>(StringComparer.Ordinal) { ["id"] = "none" }), default))["token"];

        var (exit, output) = await RunAsync("verify", ("PACT_BROKER_BASE_URL", ""), ("PROVIDER_URL", provider.Url.AbsoluteUri), ("PROVIDER_TOKEN", token));
        SkipWithoutCore(exit, output);

        Assert.That(exit, Is.Zero, output);
        Assert.That(_broker.All, Is.Empty);
        Assert.That(output.Split('\n').Where(line => line.StartsWith("contract: ", StringComparison.Ordinal)), Is.EquivalentTo(new[]
        {
            "contract: not verified: a payment by a caller whose token has expired: the provider's API cannot make this state so; STATES_URL names a handler that can",
            "contract: not verified: a payment by a caller who may not pay: the provider's API cannot make this state so; STATES_URL names a handler that can",
            "contract: not verified: a payment while the ledger is away: the provider's API cannot make this state so; STATES_URL names a handler that can",
            $"contract: {provider.Url} keeps the pact",
        }));
    }

    [TestCase("verify", "PROVIDER_URL", "payment-provider", "contract: PROVIDER_URL: found 'payment-provider', should be an absolute http or https address\n")]
    [TestCase("verify", "PROVIDER_URL", "http://127.0.0.1:1", "contract: PROVIDER_URL: http://127.0.0.1:1/ cannot be reached: Connection refused (127.0.0.1:1)\n")]
    [TestCase("publish", "PACT_BROKER_BASE_URL", "", "contract: PACT_BROKER_BASE_URL is missing, should be the broker's address\n")]
    [TestCase("publish", "PACT_VERSION", "", "contract: PACT_VERSION is missing, should be a version, such as git's commit\n")]
    [TestCase("dance", "PACT_VERSION", "1", "usage: verify | publish | can-i-deploy; settings come from the environment: docs/stand-ins.md\n")]
    public async Task What_is_missing_or_wrong_is_named(string command, string setting, string value, string told) =>
        Assert.That(await RunAsync(command, (setting, value)), Is.EqualTo((2, told)));

    private static void SkipWithoutCore(int exit, string output)
    {
        if (exit == 2 && output.Contains("Pact's core", StringComparison.Ordinal))
            Assert.Ignore(output);
    }

    private async Task<(int Exit, string Output)> RunAsync(string command, params (string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PACT_BROKER_BASE_URL"] = _broker.Url.AbsoluteUri,
            ["PACT_VERSION"] = "abc123",
            ["PACT_BRANCH"] = "main",
        };
        foreach (var (name, value) in settings)
            environment[name] = value;
        var output = new StringWriter { NewLine = "\n" };
        return (await ContractCommands.RunAsync([command], environment, output), output.ToString());
    }
}
