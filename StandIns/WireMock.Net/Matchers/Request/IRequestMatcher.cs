namespace WireMock.Matchers.Request;

/// <summary>Compares a request.</summary>
public interface IRequestMatcher
{
    /// <summary>Adds this matcher's score, from 0 to 1, to <paramref name="requestMatchResult"/>.</summary>
    /// <returns>The score.</returns>
    double GetMatchingScore(IRequestMessage requestMessage, IRequestMatchResult requestMatchResult);
}

/// <summary>How well a request matched.</summary>
public interface IRequestMatchResult : IComparable
{
    /// <summary>The mean of all scores.</summary>
    double AverageTotalScore { get; }

    /// <summary>Whether every matcher was satisfied.</summary>
    bool IsPerfectMatch { get; }

    /// <summary>How many matchers were asked.</summary>
    int TotalNumber { get; }

    /// <summary>The sum of all scores.</summary>
    double TotalScore { get; }

    /// <summary>Adds a matcher's score.</summary>
    double AddScore(Type matcherType, double score, Exception? exception);
}

/// <summary>How well a request matched.</summary>
public class RequestMatchResult : IRequestMatchResult
{
    /// <inheritdoc/>
    public double AverageTotalScore => TotalNumber == 0 ? 0 : TotalScore / TotalNumber;

    /// <inheritdoc/>
    public bool IsPerfectMatch => TotalNumber > 0 && TotalScore >= TotalNumber;

    /// <inheritdoc/>
    public int TotalNumber { get; private set; }

    /// <inheritdoc/>
    public double TotalScore { get; private set; }

    /// <inheritdoc/>
    public double AddScore(Type matcherType, double score, Exception? exception)
    {
        TotalNumber++;
        TotalScore += score;
        return score;
    }

    /// <summary>Better ones first; of equal ones, that with more matchers.</summary>
    public int CompareTo(object? obj) => obj is not RequestMatchResult other ? -1
        : other.AverageTotalScore.CompareTo(AverageTotalScore) is var order and not 0 ? order
        : other.TotalNumber.CompareTo(TotalNumber);
}
