using System.Reflection;
using System.Runtime.InteropServices;

namespace PactNet.Core;

/// <summary>
/// Where Pact's core, <c>libpact_ffi</c>, is: the file that <c>HARNESS_PACT_FFI</c> names, else what <c>eng/pact.sh</c> fetched to
/// <c>.tools/pact</c> of the checkout, else the system's.
/// </summary>
internal static class CoreLibrary
{
    /// <summary>The name the functions are imported from.</summary>
    public const string Name = "pact_ffi";

    /// <summary>The setting that names another file.</summary>
    public const string Setting = "HARNESS_PACT_FFI";

    /// <summary>The oldest core that has all we call, as PactNet 5.0.1 brings it.</summary>
    public static readonly Version VersionMin = new(0, 4, 22);

    private const string Cure = "eng/pact.sh fetches it from npm";
    private static readonly Lazy<Version> Loaded = new(Load);

    private static string FileName =>
        OperatingSystem.IsMacOS() ? "libpact_ffi.dylib" : OperatingSystem.IsWindows() ? "pact_ffi.dll" : "libpact_ffi.so";

    /// <summary>Makes sure that the core is there and new enough.</summary>
    /// <returns>Its version.</returns>
    /// <exception cref="DllNotFoundException">It is missing, or older than <see cref="VersionMin"/>; the message says where was looked, and the cure.</exception>
    public static Version Require() => Loaded.Value;

    /// <summary>Opens the core.</summary>
    /// <param name="named">The file that the setting names, if it does.</param>
    /// <param name="folder">Where the search for <c>.tools/pact</c> starts; it goes up from there.</param>
    /// <exception cref="DllNotFoundException">None of the places has a library that loads.</exception>
    public static IntPtr Open(string? named, string folder)
    {
        var looked = new List<string>();
        IntPtr library;
        if (named is { Length: > 0 })
        {
            if (NativeLibrary.TryLoad(named, out library))
                return library;
            throw new DllNotFoundException($"{Setting} names {named}, which {(File.Exists(named) ? "is no library for this machine" : "does not exist")}");
        }

        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            var file = Path.Combine(at.FullName, ".tools", "pact", FileName);
            if (!File.Exists(file))
                continue;
            if (NativeLibrary.TryLoad(file, out library))
                return library;
            looked.Add($"{file} is no library for this machine");
        }

        if (NativeLibrary.TryLoad(FileName, out library))
            return library;
        looked.Add($"no .tools/pact/{FileName} above {folder}");
        looked.Add("none among the system's libraries");
        throw new DllNotFoundException($"Pact's core, {FileName}, is missing ({string.Join("; ", looked)}): {Cure}, and {Setting} names another file");
    }

    /// <summary>Checks what the core says of itself.</summary>
    /// <exception cref="DllNotFoundException">It is too old, or says nothing that is a version.</exception>
    public static Version Check(string? said)
    {
        if (!Version.TryParse(said?.Split('-', '+')[0], out var version))
            throw new DllNotFoundException($"Pact's core says '{said}', which is no version; {VersionMin} or newer is needed: {Cure}");
        if (version < VersionMin)
            throw new DllNotFoundException($"Pact's core is version {version}, which is too old; {VersionMin} or newer is needed: {Cure}");
        return version;
    }

    private static Version Load()
    {
#pragma warning disable RS0030 // The test process's own environment: nothing here runs in a pod.
        var named = Environment.GetEnvironmentVariable(Setting);
#pragma warning restore RS0030
        var library = Open(named, AppContext.BaseDirectory);
        if (!NativeLibrary.TryGetExport(library, "pactffi_version", out _))
            throw new DllNotFoundException($"the library found is not Pact's core, or too old to tell its version; {VersionMin} or newer is needed: {Cure}");
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Name ? library : IntPtr.Zero);
        var version = Check(Marshal.PtrToStringUTF8(CoreFunctions.Version()));

        // The core reports its use to its makers unless told not to; .NET's own environment does not reach native code.
        if (!OperatingSystem.IsWindows())
            _ = CoreFunctions.SetEnvironment("PACT_DO_NOT_TRACK", "true", 1);
        return version;
    }
}
