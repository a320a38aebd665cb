using System.Runtime.CompilerServices;

namespace Testcontainers.K3s;

/// <summary>What the stand-in says of a member: that it lacks it.</summary>
internal static class StandIn
{
    internal static NotSupportedException Lacks([CallerMemberName] string member = "") => new(
        $"Testcontainers.K3s is stood in for here and has no {member}, as the NuGet feed lacks it or what it depends on (docs/packages.md): a build with -p:Packages=real has it");
}
