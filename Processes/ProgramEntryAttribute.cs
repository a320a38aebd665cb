namespace Processes;

/// <summary>
/// Names the type that holds an assembly's program, for whoever loads the assembly as an image: a public static method
/// <c>Task&lt;int&gt; RunAsync(ServiceProcess)</c>, the same that <c>Main</c> passes on.
/// </summary>
/// <param name="type">The type.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class ProgramEntryAttribute(Type type) : Attribute
{
    /// <summary>The type.</summary>
    public Type Type { get; } = type;

    /// <summary>The method's name.</summary>
    public string Method { get; init; } = "RunAsync";
}
