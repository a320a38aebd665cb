using Microsoft.AspNetCore.Builder;
using ServiceDefaults.Data;
using ServiceDefaults.Settings;

namespace ServiceDefaults;

/// <summary>What makes one service different from another; <see cref="ServiceHost"/> does what they share.</summary>
/// <typeparam name="TSettings">The service's own settings, read and checked before anything starts.</typeparam>
public sealed record ServiceDefinition<TSettings>
{
    /// <summary>The service's name, as the database's sessions and the OpenAPI document show it.</summary>
    public required string Name { get; init; }

    /// <summary>The port where <c>PORT</c> is not set.</summary>
    public required int Port { get; init; }

    /// <summary>The largest request body in bytes; Kestrel refuses larger ones with 413.</summary>
    public required long RequestBodyBytesMax { get; init; }

    /// <summary>The database's schema, in order.</summary>
    public required IReadOnlyList<Migration> Migrations { get; init; }

    /// <summary>Reads the service's own settings. Faults are collected by the reader; return something all the same.</summary>
    public required Func<SettingsReader, TSettings> ReadSettings { get; init; }

    /// <summary>Registers the service's own parts. Here already: NpgsqlDataSource, TimeProvider, ServiceProcess, logging, routing.</summary>
    public required Action<WebApplicationBuilder, TSettings> Build { get; init; }

    /// <summary>Maps the service's own routes.</summary>
    public required Action<WebApplication, TSettings> Map { get; init; }
}
