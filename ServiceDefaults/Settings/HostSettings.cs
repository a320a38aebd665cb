using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Settings;

/// <summary>Settings every service has: <c>PORT</c> (0: any free one), <c>LOG_LEVEL</c>, <c>SHUTDOWN_TIMEOUT_SECONDS</c>.</summary>
internal sealed record HostSettings(int Port, LogLevel LogLevel, TimeSpan ShutdownTimeout)
{
    public static HostSettings Read(SettingsReader settings, int port) => new(
        settings.Integer("PORT", port, 0, 65535),
        settings.OneOf("LOG_LEVEL", LogLevel.Information),
        settings.Seconds("SHUTDOWN_TIMEOUT_SECONDS", 25, 0, 3600));
}
