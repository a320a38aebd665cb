namespace Testcontainers.PostgreSql;

/// <summary>What the stand-in says.</summary>
internal static class StandIn
{
    internal static NotSupportedException Lacks() => new(
        "Testcontainers.PostgreSql is stood in for here, as the NuGet feed lacks it or what it depends on (docs/packages.md): a build with -p:Packages=real has it");
}
