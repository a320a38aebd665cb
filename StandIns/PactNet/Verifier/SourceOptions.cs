using System.Text.Json;
using System.Text.Json.Serialization;
using PactNet.Core;

namespace PactNet.Verifier;

/// <summary>Tells the core how to get at pacts elsewhere.</summary>
internal sealed class SourceOptions(IntPtr core) : IPactBrokerOptions, IPactUriOptions
{
    private static readonly JsonSerializerOptions SelectorJson = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    private bool _pending;
    private string? _since;
    private string? _branch;
    private string[] _tags = [];
    private string[] _consumerTags = [];
    private string[] _selectors = [];

    public string? User { get; private set; }

    public string? Password { get; private set; }

    public string? Token { get; private set; }

    public void AddBroker(Uri broker)
    {
        var result = VerifierFunctions.AddBroker(
            core, broker.AbsoluteUri, User, Password, Token, _pending ? (byte)1 : (byte)0, _since, _tags, (ushort)_tags.Length, _branch,
            _selectors, (ushort)_selectors.Length, _consumerTags, (ushort)_consumerTags.Length);
        if (result != 0)
            throw new ArgumentException($"Pact's core does not take these options for the broker {broker}: it says {result}");
    }

    public IPactBrokerOptions BasicAuthentication(string username, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(username);
        ArgumentException.ThrowIfNullOrEmpty(password);
        (User, Password) = (username, password);
        return this;
    }

    public IPactBrokerOptions TokenAuthentication(string token)
    {
        ArgumentException.ThrowIfNullOrEmpty(token);
        Token = token;
        return this;
    }

    public IPactBrokerOptions EnablePending()
    {
        _pending = true;
        return this;
    }

    public IPactBrokerOptions ProviderBranch(string branch)
    {
        _branch = branch;
        return this;
    }

    public IPactBrokerOptions ProviderTags(params string[] tags)
    {
        _tags = tags;
        return this;
    }

    public IPactBrokerOptions ConsumerTags(params string[] tags)
    {
        _consumerTags = tags;
        return this;
    }

    public IPactBrokerOptions ConsumerVersionSelectors(ICollection<ConsumerVersionSelector> selectors)
    {
        _selectors = [.. selectors.Select(selector => JsonSerializer.Serialize(selector, SelectorJson))];
        return this;
    }

    public IPactBrokerOptions ConsumerVersionSelectors(params ConsumerVersionSelector[] selectors) =>
        ConsumerVersionSelectors((ICollection<ConsumerVersionSelector>)selectors);

    public IPactBrokerOptions IncludeWipPactsSince(DateTime date)
    {
        _since = date.ToString("yyyy-MM-dd");
        return this;
    }

    public IPactBrokerOptions PublishResults(string providerVersion) => Publish(providerVersion, _ => { });

    public IPactBrokerOptions PublishResults(string providerVersion, Action<IPactBrokerPublishOptions> configure) => Publish(providerVersion, configure);

    public IPactBrokerOptions PublishResults(bool condition, string providerVersion) => PublishResults(condition, providerVersion, _ => { });

    public IPactBrokerOptions PublishResults(bool condition, string providerVersion, Action<IPactBrokerPublishOptions> configure) =>
        condition ? Publish(providerVersion, configure) : this;

    IPactUriOptions IPactUriOptions.BasicAuthentication(string username, string password) => (SourceOptions)BasicAuthentication(username, password);

    IPactUriOptions IPactUriOptions.TokenAuthentication(string token) => (SourceOptions)TokenAuthentication(token);

    IPactUriOptions IPactUriOptions.PublishResults(string providerVersion) => Publish(providerVersion, _ => { });

    IPactUriOptions IPactUriOptions.PublishResults(string providerVersion, Action<IPactBrokerPublishOptions> configure) => Publish(providerVersion, configure);

    IPactUriOptions IPactUriOptions.PublishResults(bool condition, string providerVersion) => condition ? Publish(providerVersion, _ => { }) : this;

    IPactUriOptions IPactUriOptions.PublishResults(bool condition, string providerVersion, Action<IPactBrokerPublishOptions> configure) =>
        condition ? Publish(providerVersion, configure) : this;

    private SourceOptions Publish(string providerVersion, Action<IPactBrokerPublishOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(providerVersion);
        var published = new Published();
        configure(published);
        _ = VerifierFunctions.SetPublishing(
            core, providerVersion, published.Build?.AbsoluteUri, published.Tags, (ushort)published.Tags.Length, published.Branch);
        return this;
    }

    private sealed class Published : IPactBrokerPublishOptions
    {
        public string[] Tags { get; private set; } = [];

        public string? Branch { get; private set; }

        public Uri? Build { get; private set; }

        public IPactBrokerPublishOptions ProviderTags(params string[] tags)
        {
            Tags = tags;
            return this;
        }

        public IPactBrokerPublishOptions ProviderBranch(string branch)
        {
            Branch = branch;
            return this;
        }

        public IPactBrokerPublishOptions BuildUri(Uri uri)
        {
            Build = uri;
            return this;
        }
    }
}
