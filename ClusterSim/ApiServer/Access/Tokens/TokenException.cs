namespace ClusterSim.Access.Tokens;

/// <summary>A token is not good; the message says why, in the authenticator's words (a TokenReview's <c>status.error</c>).</summary>
internal sealed class TokenException(string message) : Exception(message);
