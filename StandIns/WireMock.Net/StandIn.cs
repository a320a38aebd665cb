using System.Runtime.CompilerServices;

namespace WireMock;

/// <summary>What the stand-in says of members it lacks.</summary>
internal static class StandIn
{
    internal static NotSupportedException Lacks([CallerMemberName] string member = "") =>
        new($"WireMock.Net's stand-in does not support {member}; docs/stand-ins.md lists what it does. With -p:Packages=real the package itself is used.");
}
