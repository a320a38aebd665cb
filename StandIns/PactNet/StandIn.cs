namespace PactNet;

/// <summary>What the stand-in says of a member that it lacks.</summary>
internal static class StandIn
{
    internal static NotSupportedException Lacks(string member) =>
        new($"PactNet's stand-in does not support {member}; docs/stand-ins.md lists what it does. With -p:Packages=real the package itself is used.");
}
