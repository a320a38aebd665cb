using Tests.Contract.Provider;

/// <summary>Outside any namespace: runs after all tests of the assembly.</summary>
[SetUpFixture]
#pragma warning disable CA1050, MA0047 // NUnit gives a set-up fixture the scope of its namespace; the whole assembly's is none.
public sealed class ContractPostgresEnd
#pragma warning restore CA1050, MA0047
{
    [OneTimeTearDown]
    public async Task Stop() => await ContractPostgres.Shared.DisposeAsync();
}
