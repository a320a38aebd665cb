namespace PactNet.Verifier;

/// <summary>Which of a broker's pacts, and whether it is told how it went.</summary>
public interface IPactBrokerOptions
{
    /// <summary>With a name and a password.</summary>
    IPactBrokerOptions BasicAuthentication(string username, string password);

    /// <summary>With a bearer token.</summary>
    IPactBrokerOptions TokenAuthentication(string token);

    /// <summary>New pacts may fail without failing the whole.</summary>
    IPactBrokerOptions EnablePending();

    /// <summary>The provider's branch.</summary>
    IPactBrokerOptions ProviderBranch(string branch);

    /// <summary>The provider's tags.</summary>
    IPactBrokerOptions ProviderTags(params string[] tags);

    /// <summary>The pacts of consumers with these tags.</summary>
    IPactBrokerOptions ConsumerTags(params string[] tags);

    /// <summary>The pacts that these select.</summary>
    IPactBrokerOptions ConsumerVersionSelectors(ICollection<ConsumerVersionSelector> selectors);

    /// <inheritdoc cref="ConsumerVersionSelectors(ICollection{ConsumerVersionSelector})"/>
    IPactBrokerOptions ConsumerVersionSelectors(params ConsumerVersionSelector[] selectors);

    /// <summary>Pacts nobody selected, from this day on, too.</summary>
    IPactBrokerOptions IncludeWipPactsSince(DateTime date);

    /// <summary>Tells the broker the outcome for this version of the provider.</summary>
    IPactBrokerOptions PublishResults(string providerVersion);

    /// <inheritdoc cref="PublishResults(string)"/>
    IPactBrokerOptions PublishResults(string providerVersion, Action<IPactBrokerPublishOptions> configure);

    /// <inheritdoc cref="PublishResults(string)"/>
    IPactBrokerOptions PublishResults(bool condition, string providerVersion);

    /// <inheritdoc cref="PublishResults(string)"/>
    IPactBrokerOptions PublishResults(bool condition, string providerVersion, Action<IPactBrokerPublishOptions> configure);
}

/// <summary>How a single pact is fetched, and whether its broker is told how it went.</summary>
public interface IPactUriOptions
{
    /// <summary>With a name and a password.</summary>
    IPactUriOptions BasicAuthentication(string username, string password);

    /// <summary>With a bearer token.</summary>
    IPactUriOptions TokenAuthentication(string token);

    /// <summary>Tells the broker the outcome for this version of the provider.</summary>
    IPactUriOptions PublishResults(string providerVersion);

    /// <inheritdoc cref="PublishResults(string)"/>
    IPactUriOptions PublishResults(string providerVersion, Action<IPactBrokerPublishOptions> configure);

    /// <inheritdoc cref="PublishResults(string)"/>
    IPactUriOptions PublishResults(bool condition, string providerVersion);

    /// <inheritdoc cref="PublishResults(string)"/>
    IPactUriOptions PublishResults(bool condition, string providerVersion, Action<IPactBrokerPublishOptions> configure);
}

/// <summary>What a broker is told besides.</summary>
public interface IPactBrokerPublishOptions
{
    /// <summary>The provider version's tags.</summary>
    IPactBrokerPublishOptions ProviderTags(params string[] tags);

    /// <summary>The provider version's branch.</summary>
    IPactBrokerPublishOptions ProviderBranch(string branch);

    /// <summary>Where the run can be looked at.</summary>
    IPactBrokerPublishOptions BuildUri(Uri uri);
}

/// <summary>Selects consumers' pacts; what is not set is not sent.</summary>
public class ConsumerVersionSelector
{
    /// <summary>Of the consumer's main branch.</summary>
    public bool MainBranch { get; set; }

    /// <summary>Of the branch named as the provider's.</summary>
    public bool MatchingBranch { get; set; }

    /// <summary>Of this branch.</summary>
    public string? Branch { get; set; }

    /// <summary>Of this branch where the other has none.</summary>
    public string? FallbackBranch { get; set; }

    /// <summary>With this tag.</summary>
    public string? Tag { get; set; }

    /// <summary>With this tag where none has the other.</summary>
    public string? FallbackTag { get; set; }

    /// <summary>Deployed somewhere.</summary>
    public bool Deployed { get; set; }

    /// <summary>Released.</summary>
    public bool Released { get; set; }

    /// <summary>Either.</summary>
    public bool DeployedOrReleased { get; set; }

    /// <summary>In this environment.</summary>
    public string? Environment { get; set; }

    /// <summary>The latest alone.</summary>
    public bool? Latest { get; set; }

    /// <summary>Of this consumer.</summary>
    public string? Consumer { get; set; }
}
