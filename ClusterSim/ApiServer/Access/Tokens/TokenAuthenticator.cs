namespace ClusterSim.Access.Tokens;

/// <summary>Whose bearer token it is: first the cluster's static ones, then service accounts', those kept in Secrets last.</summary>
internal sealed class TokenAuthenticator(StaticTokens tokens, ServiceAccountTokens accounts, SecretTokens secrets)
{
    /// <summary>
    /// Whose it is. <paramref name="audiences"/> comes in with those it should be for (null: the API server's) and goes out with those it is
    /// for (null where the token knows none).
    /// </summary>
    /// <exception cref="TokenException">Nobody's.</exception>
    public UserInfo Authenticate(string token, ref IReadOnlyList<string>? audiences)
    {
        var wanted = audiences ?? accounts.ApiAudiences;
        if (tokens.Find(token) is { } user)
        {
            // Such a token is for the API server alone.
            if (audiences is not null)
            {
                audiences = [.. wanted.Intersect(accounts.ApiAudiences, StringComparer.Ordinal)];
                if (audiences.Count == 0)
                    throw new TokenException("invalid bearer token");
            }
            return user;
        }
        UserInfo? account;
        try
        {
            account = accounts.Validate(token, ref wanted) ?? secrets.Validate(token, ref wanted);
        }
        catch (TokenException why) when (why.Message != "invalid bearer token")
        {
            throw new TokenException($"[invalid bearer token, {why.Message}]");
        }
        audiences = wanted;
        return account ?? throw new TokenException("invalid bearer token");
    }

    /// <summary>The user with the group of all who proved who they are.</summary>
    public static UserInfo WithAuthenticated(UserInfo user) =>
        user.Groups.Contains(UserInfo.Authenticated) || user.Groups.Contains("system:unauthenticated") ? user : user with { Groups = [.. user.Groups, UserInfo.Authenticated] };
}
