using Processes;

namespace InvoiceApp.Payments;

/// <summary>Who we are, for the provider: a token in a file, which Kubernetes replaces well before the token expires.</summary>
internal sealed class CallerToken(string path, FileRoot files, TimeProvider clock)
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(5);
    private volatile Read? _last;

    /// <summary>The token, at most five seconds old.</summary>
    /// <exception cref="IOException">The file cannot be read, or is empty.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public async ValueTask<string> GetAsync(CancellationToken cancellation)
    {
        if (_last is { } last && clock.GetElapsedTime(last.At) < ReadAgainAfter)
            return last.Token;
        var token = (await File.ReadAllTextAsync(files.Resolve(path), cancellation)).Trim();
        if (token.Length == 0)
            throw new IOException("it is empty");
        _last = new Read(token, clock.GetTimestamp());
        return token;
    }

    /// <summary>The provider did not take it: the next call reads the file.</summary>
    public void Forget() => _last = null;

    /// <summary>What is wrong, in words that name the setting.</summary>
    public string Fault(Exception fault) => $"the token file {path} (PAYMENT_TOKEN_FILE) cannot be read: {fault.Message}";

    private sealed record Read(string Token, long At);
}
