using System.Reflection;
using System.Runtime.Loader;
using Processes;

namespace ClusterSim.Nodes.Images;

/// <summary>
/// The assemblies of one publish folder. <c>Processes</c> is the simulator's own, since both speak through it; the framework is everybody's;
/// the rest comes from the folder, whatever the simulator may have loaded under the same name.
/// </summary>
internal sealed class FolderLoadContext(string assembly, string name) : AssemblyLoadContext(name, isCollectible: true)
{
    private readonly AssemblyDependencyResolver _resolver = new(assembly);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == typeof(ServiceProcess).Assembly.GetName().Name)
            return typeof(ServiceProcess).Assembly;
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
