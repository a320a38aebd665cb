namespace ClusterSim.Machinery;

/// <summary>
/// Bounded retries of an operation (client-go's <c>util/retry</c>). There is no back-off between two attempts: the store is memory, so that
/// the next attempt reads what the other writer has stored.
/// </summary>
internal static class Retry
{
    /// <summary>The largest number of attempts (client-go's <c>DefaultRetry.Steps</c>).</summary>
    public const int DefaultSteps = 5;

    /// <summary>Runs <paramref name="attempt"/> until it does not fail with a Conflict; the Conflict of the last attempt is thrown.</summary>
    /// <param name="attempt">Reads, changes and writes an object.</param>
    /// <param name="steps">The largest number of attempts.</param>
    public static T RetryOnConflict<T>(Func<T> attempt, int steps = DefaultSteps) =>
        OnError(steps, static ex => ex is KubernetesApiException { Reason: "Conflict" }, attempt);

    /// <summary>Runs <paramref name="attempt"/> until it does not fail with an error that is <paramref name="retriable"/>; the error of the last attempt is thrown.</summary>
    public static T OnError<T>(int steps, Func<Exception, bool> retriable, Func<T> attempt)
    {
        var backoff = new SpinWait();
        for (var step = 1; ; step++)
        {
            try
            {
                return attempt();
            }
            catch (Exception ex) when (step < steps && retriable(ex))
            {
                // Never a sleep: -1 turns off SpinWait's.
                backoff.SpinOnce(sleep1Threshold: -1);
            }
        }
    }
}
