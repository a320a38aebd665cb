using System.Reflection;
using System.Runtime.Loader;

namespace Harness.Chaos;

/// <summary>
/// The assemblies of a scenario. The assemblies that the command has are shared with it, as both exchange their types; the rest comes from the
/// scenario's folder.
/// </summary>
internal sealed class ScenarioLoadContext(string assembly) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(assembly))
{
    private readonly AssemblyDependencyResolver _resolver = new(assembly);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // Null: the default context loads it.
        if (File.Exists(Path.Combine(AppContext.BaseDirectory, $"{assemblyName.Name}.dll")))
            return null;
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
