using System.Net.Http.Headers;
using ClusterSim.Postgres;
using Contracts;
using Npgsql;
using PaymentProvider;
using Tests.Contract.Containers;

namespace Tests.Contract.Provider;

/// <summary>
/// The provider with its real pipeline, PostgreSQL, and an issuer of tokens; and every provider state of the pact, made from outside: in its
/// database, and with the tokens that callers send. In this process, or in a container of the image that PAYMENT_PROVIDER_IMAGE names.
/// </summary>
internal sealed class ProviderUnderTest : IProviderStates, IAsyncDisposable
{
    private readonly TestIssuer _issuer = new(TimeProvider.System);
    private readonly HttpClient _client = new();
    private readonly TestDatabases _postgres;
    private readonly bool _ownsPostgres;
    private IPostgresDatabase _database = null!;
    private NpgsqlDataSource _ledger = null!;
    private LocalServer _keys = null!;
    private IStartedService _provider = null!;
    private StateServer _states = null!;
    private bool _away;

    private ProviderUnderTest(TestDatabases? postgres) => (_postgres, _ownsPostgres) = (postgres ?? new TestDatabases(), postgres is null);

    public Uri Url => _provider.Url;

    public Uri StatesUrl => _states.Url;

    /// <param name="postgres">Where its database comes from; a server of its own where nothing is given.</param>
    /// <exception cref="PostgresNotFoundException">There is no PostgreSQL on this machine.</exception>
    public static async Task<ProviderUnderTest> StartAsync(TestDatabases? postgres = null)
    {
        var started = new ProviderUnderTest(postgres);
        await started.StartAsync();
        return started;
    }

    public async Task<IReadOnlyDictionary<string, string>> SetUpAsync(ProviderState state, CancellationToken cancellation)
    {
        if (_away)
            await BringBackAsync(cancellation);
        switch (state.Name)
        {
            case ProviderStates.NotPaid:
                await ForgetAsync(state.Id, cancellation);
                return Token(_issuer.Token());
            case ProviderStates.Paid:
                await ForgetAsync(state.Id, cancellation);
                await using (var insert = _ledger.CreateCommand("INSERT INTO payments (id, value, currency) VALUES ($1, $2, $3)"))
                {
                    var (id, value, currency) = state.Payment;
                    foreach (var parameter in (ReadOnlySpan<object>)[id, value, currency])
                        insert.Parameters.Add(new NpgsqlParameter { Value = parameter });
                    await insert.ExecuteNonQueryAsync(cancellation);
                }

                return Token(_issuer.Token());
            case ProviderStates.LedgerAway:
                await TakeAwayAsync(cancellation);
                return Token(_issuer.Token());
            case ProviderStates.CallerUnknown:
                return new Dictionary<string, string>(StringComparer.Ordinal);
            case ProviderStates.CallerExpired:
                return Token(_issuer.Token(lifetime: TimeSpan.FromMinutes(1), startsIn: TimeSpan.FromMinutes(-10)));
            case ProviderStates.CallerForeign:
                return Token(_issuer.Token("system:serviceaccount:invoices:another-app"));
            default:
                throw new InvalidOperationException($"no provider state is called '{state.Name}'; Contracts/ProviderStates.cs has those there are");
        }
    }

    public async Task TearDownAsync(ProviderState state, CancellationToken cancellation)
    {
        if (_away)
            await BringBackAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_states is not null)
            await _states.DisposeAsync();
        if (_provider is not null)
            await _provider.DisposeAsync();
        if (_keys is not null)
            await _keys.DisposeAsync();
        if (_ledger is not null)
            await _ledger.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        if (_ownsPostgres)
            await _postgres.DisposeAsync();
        _client.Dispose();
        _issuer.Dispose();
    }

    private static Dictionary<string, string> Token(string token) => new(StringComparer.Ordinal) { [ProviderStates.Token] = token };

    private async Task StartAsync()
    {
        try
        {
            _database = await _postgres.DatabaseAsync("pact");
            _keys = await LocalServer.StartAsync(context => Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, _issuer.Jwks));
            var environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["DATABASE"] = _database.ConnectionString,
                ["LEDGER_TIMEOUT_SECONDS"] = "3",
                ["CALLER_AUTHENTICATION"] = "service-account",
                ["CALLER_ISSUER"] = _issuer.Issuer,
                ["CALLER_KEYS_URL"] = $"{_keys.Url}openid/v1/jwks",
            };
            _provider = ServiceContainer.Image(ServiceImagesTests.PaymentProvider) is { } image
                ? await ServiceContainer.StartAsync(image, environment)
                : await ServiceOnAPort.StartAsync(PaymentProviderService.RunAsync, environment);
            _ledger = NpgsqlDataSource.Create(_database.SuperuserConnectionString);
            _client.BaseAddress = _provider.Url;
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _issuer.Token());
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await AnswersAsync(limit.Token);
            _states = await StateServer.StartAsync(this);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task ForgetAsync(string id, CancellationToken cancellation)
    {
        await using var delete = _ledger.CreateCommand("DELETE FROM payments WHERE id = $1");
        delete.Parameters.Add(new NpgsqlParameter { Value = id });
        await delete.ExecuteNonQueryAsync(cancellation);
    }

    private async Task TakeAwayAsync(CancellationToken cancellation)
    {
        _away = true;
        await ExecuteAsync($"ALTER ROLE \"{_database.Name}\" NOLOGIN", cancellation);
        await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{_database.Name}'", cancellation);
    }

    private async Task BringBackAsync(CancellationToken cancellation)
    {
        await ExecuteAsync($"ALTER ROLE \"{_database.Name}\" LOGIN", cancellation);
        await AnswersAsync(cancellation);
        _away = false;
    }

    /// <summary>Waits until the provider reaches its ledger, and its pool holds no connection that was cut.</summary>
    private Task AnswersAsync(CancellationToken cancellation) => Eventually.ThatAsync(async () =>
    {
        for (var connection = 0; connection < 3; connection++)
        {
            using var ready = await _client.GetAsync("/readiness", cancellation);
            using var read = await _client.GetAsync("/payments?limit=1", cancellation);
            if (!ready.IsSuccessStatusCode || !read.IsSuccessStatusCode)
                return false;
        }
        return true;
    }, "the provider reaches its ledger", cancellation: cancellation);

    private async Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(_database.SuperuserConnectionString + ";Pooling=false");
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
