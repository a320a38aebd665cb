using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Processes;
using ServiceDefaults.Data;
using ServiceDefaults.Http;
using ServiceDefaults.Logging;
using ServiceDefaults.Settings;

namespace ServiceDefaults;

/// <summary>Runs a service in a process, real or simulated.</summary>
public static class ServiceHost
{
    /// <summary>
    /// 1. Reads every setting; if any is wrong, says so on standard error, a line each, and ends with 1.
    /// 2. Builds an ASP.NET Core host that knows nothing of the machine but what <paramref name="process"/> offers.
    /// 3. Serves until <see cref="ServiceProcess.Stop"/>, then drains; or until <see cref="ServiceProcess.Killed"/>, then lets go.
    /// </summary>
    /// <returns>The exit code: 0 after a stop, 1 when the service could not start or go on, 137 when killed.</returns>
    public static async Task<int> RunAsync<TSettings>(ServiceProcess process, ServiceDefinition<TSettings> service)
    {
        var reader = new SettingsReader(process);
        var host = HostSettings.Read(reader, service.Port);
        var database = DatabaseSettings.Read(reader);
        var settings = service.ReadSettings(reader);
        if (reader.Faults is { Count: > 0 } faults)
            return await FailAsync(process, service.Name, faults);

        await using var logs = new JsonLogs(process.Output, process.Clock);
        await using var application = Build(process, service, settings, host, database, logs);
        var lifetime = application.Lifetime;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = lifetime.ApplicationStopping.Register(() => stopped.TrySetResult());
        using var terminate = process.Stop.UnsafeRegister(_ => stopped.TrySetResult(), null);
        using var kill = process.Killed.UnsafeRegister(_ => stopped.TrySetResult(), null);
        try
        {
            await application.StartAsync(process.Killed);
        }
        catch (OperationCanceledException) when (process.Killed.IsCancellationRequested)
        {
            // Falls through to the same end as any other kill.
        }
        catch (IOException fault)
        {
            return await FailAsync(process, service.Name, [$"cannot listen on port {host.Port}: {fault.Message}"]);
        }

        var logger = application.Services.GetRequiredService<ILoggerFactory>().CreateLogger("ServiceDefaults.ServiceHost");
        if (application.Urls is { Count: > 0 })
            logger.LogInformation("{Service} serves on {Addresses}", service.Name, string.Join(", ", application.Urls));
        await stopped.Task;
        if (process.Killed.IsCancellationRequested)
        {
            logs.Abandon();
            await application.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 137;
        }

        logger.LogInformation("{Service} stops: no new connections, and up to {Seconds} s for what is under way", service.Name, host.ShutdownTimeout.TotalSeconds);
        using (process.Killed.UnsafeRegister(_ => logs.Abandon(), null))
            await application.StopAsync(process.Killed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return application.Services.GetRequiredService<DatabaseReadiness>().Fatal is { } fatal
            ? await FailAsync(process, service.Name, [fatal.Message])
            : 0;
    }

    private static WebApplication Build<TSettings>(
        ServiceProcess process, ServiceDefinition<TSettings> service, TSettings settings, HostSettings host, DatabaseSettings database, JsonLogs logs)
    {
        // The empty builder reads no files and none of the machine's environment.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = service.Name, EnvironmentName = Environments.Production });
        builder.Logging.AddProvider(logs).SetMinimumLevel(host.LogLevel);
        if (host.LogLevel == LogLevel.Information)
        {
            // The framework's own two lines a request say nothing that ours don't; from Debug on they are wanted.
            foreach (var framework in (ReadOnlySpan<string>)["Microsoft", "System", "Npgsql"])
                builder.Logging.AddFilter(framework, LogLevel.Warning);
        }

        var services = builder.Services;
        services.Replace(ServiceDescriptor.Singleton<IHostLifetime, ProcessLifetime>());
        services.Configure<HostOptions>(options => options.ShutdownTimeout = host.ShutdownTimeout);
        services.AddSingleton(process);
        services.AddSingleton(process.Clock);
        services.AddSingleton(process.Network);
        services.AddRoutingCore();
        services.AddSingleton(_ => database.DataSource(process, service.Name));
        services.AddSingleton(provider => new DatabaseReadiness(
            provider.GetRequiredService<NpgsqlDataSource>(),
            database,
            service.Migrations,
            process.Clock,
            provider.GetRequiredService<ILogger<DatabaseReadiness>>(),
            provider.GetRequiredService<IHostApplicationLifetime>()));
        services.AddHostedService(provider => provider.GetRequiredService<DatabaseReadiness>());
        if (process.Network.Listener is { } listener)
            services.AddSingleton<IConnectionListenerFactory>(listener);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = service.RequestBodyBytesMax;
            if (process.Network.Listener is null)
                kestrel.ListenAnyIP(host.Port, Http1);
            else
                kestrel.Listen(IPAddress.Any, host.Port, Http1);
        });

        service.Build(builder, settings);
        var application = builder.Build();
        application.UseMiddleware<ProblemMiddleware>();
        application.MapHealth();
        application.MapOpenApiDocument(service.Name);
        service.Map(application, settings);
        return application;

        // Without TLS nothing negotiates; saying so spares a warning at every start.
        static void Http1(ListenOptions options) => options.Protocols = HttpProtocols.Http1;
    }

    private static async Task<int> FailAsync(ServiceProcess process, string name, IReadOnlyList<string> faults)
    {
        var text = string.Concat(faults.Select(fault => $"{name}: {fault.ReplaceLineEndings(" ")}\n"));
        await process.Error.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
        await process.Error.FlushAsync(CancellationToken.None);
        return 1;
    }

    /// <summary>The process decides when to stop, not signals of the machine's.</summary>
    private sealed class ProcessLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
