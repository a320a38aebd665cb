namespace WireMock.Matchers;

/// <summary>Whether matching accepts or rejects.</summary>
public enum MatchBehaviour
{
    /// <summary>What matches is accepted.</summary>
    AcceptOnMatch,

    /// <summary>What matches is rejected.</summary>
    RejectOnMatch,
}

/// <summary>How several patterns add up.</summary>
public enum MatchOperator
{
    /// <summary>One of them suffices.</summary>
    Or,

    /// <summary>Each must hold.</summary>
    And,

    /// <summary>Not supported here.</summary>
    Average,
}

/// <summary>Compares a part of a request with what is expected.</summary>
public interface IMatcher
{
    /// <summary>The matcher's kind.</summary>
    string Name { get; }

    /// <summary>Whether matching accepts or rejects.</summary>
    MatchBehaviour MatchBehaviour { get; }
}

/// <summary>Compares text.</summary>
public interface IStringMatcher : IMatcher
{
    /// <summary>Compares <paramref name="input"/>.</summary>
    MatchResult IsMatch(string? input);
}

/// <summary>Compares an object: JSON.</summary>
public interface IObjectMatcher : IMatcher
{
    /// <summary>What is expected.</summary>
    object Value { get; }

    /// <summary>Compares <paramref name="input"/>: a JSON text, a parsed one, or an object that serializes to it.</summary>
    MatchResult IsMatch(object? input);
}

/// <summary>How well something matched.</summary>
public class MatchResult
{
    /// <summary>From 0, not at all, to 1, perfectly.</summary>
    public double Score { get; set; }

    /// <summary>Whether it matched perfectly.</summary>
    public bool IsPerfect() => Score >= 1;

    internal static MatchResult From(MatchBehaviour behaviour, bool matches) =>
        new() { Score = matches == (behaviour == MatchBehaviour.AcceptOnMatch) ? 1 : 0 };
}
