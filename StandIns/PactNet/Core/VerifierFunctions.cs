using System.Runtime.InteropServices;

namespace PactNet.Core;

/// <summary>The verifier's functions of <c>libpact_ffi</c>. Flags are bytes, 0 or 1; texts may be null where the header says so.</summary>
internal static partial class VerifierFunctions
{
    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_new_for_application", StringMarshalling = StringMarshalling.Utf8)]
    public static partial IntPtr New(string application, string version);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_shutdown")]
    public static partial void Shutdown(IntPtr verifier);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_set_provider_info", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetProvider(IntPtr verifier, string name, string scheme, string host, ushort port, string path);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_set_filter_info", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetFilter(IntPtr verifier, string? description, string? state, byte noState);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_set_provider_state", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetStateUrl(IntPtr verifier, string url, byte tearDown, byte body);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_set_verification_options")]
    public static partial int SetOptions(IntPtr verifier, byte disableSslVerification, CULong requestTimeoutMilliseconds);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_set_publish_options", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetPublishing(
        IntPtr verifier, string providerVersion, string? buildUrl, string[] providerTags, ushort providerTagsLength, string? providerBranch);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_set_consumer_filters", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetConsumers(IntPtr verifier, string[] consumers, ushort consumersLength);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_add_custom_header", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void AddHeader(IntPtr verifier, string name, string value);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_add_file_source", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void AddFile(IntPtr verifier, string file);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_add_directory_source", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void AddDirectory(IntPtr verifier, string directory);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_url_source", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void AddUrl(IntPtr verifier, string url, string? user, string? password, string? token);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_broker_source_with_selectors", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int AddBroker(
        IntPtr verifier,
        string url,
        string? user,
        string? password,
        string? token,
        byte enablePending,
        string? workInProgressSince,
        string[] providerTags,
        ushort providerTagsLength,
        string? providerBranch,
        string[] consumerSelectors,
        ushort consumerSelectorsLength,
        string[] consumerTags,
        ushort consumerTagsLength);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_execute")]
    public static partial int Execute(IntPtr verifier);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_logs")]
    public static partial IntPtr Logs(IntPtr verifier);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_verifier_output")]
    public static partial IntPtr Output(IntPtr verifier, byte stripColours);
}
