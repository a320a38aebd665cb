using Microsoft.Extensions.Logging;

namespace Harness.Running;

/// <summary>Logs as lines for people: level, room, what happened.</summary>
internal sealed class LineLogger(Action<string> tell) : ILoggerProvider
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Room(categoryName, tell);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Room(string name, Action<string> tell) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            tell($"{logLevel.ToString().ToLowerInvariant()}: {name}: {formatter(state, exception)}{(exception is null ? "" : $": {exception}")}");
    }
}
