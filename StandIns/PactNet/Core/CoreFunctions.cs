using System.Runtime.InteropServices;

namespace PactNet.Core;

/// <summary>The functions of <c>libpact_ffi</c> that are used, as its header declares them.</summary>
internal static partial class CoreFunctions
{
    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_version")]
    public static partial IntPtr Version();

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_log_to_buffer")]
    public static partial int LogToBuffer(int level);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_free_string")]
    public static partial void FreeString(IntPtr text);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_new_pact", StringMarshalling = StringMarshalling.Utf8)]
    public static partial PactHandle NewPact(string consumer, string provider);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_free_pact_handle")]
    public static partial uint FreePact(PactHandle pact);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_with_specification")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool WithSpecification(PactHandle pact, int version);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_new_interaction", StringMarshalling = StringMarshalling.Utf8)]
    public static partial InteractionHandle NewInteraction(PactHandle pact, string description);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_given", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool Given(InteractionHandle interaction, string state);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_given_with_param", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool GivenWithParameter(InteractionHandle interaction, string state, string name, string value);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_with_request", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool WithRequest(InteractionHandle interaction, string method, string path);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_with_query_parameter_v2", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool WithQuery(InteractionHandle interaction, string name, nuint index, string value);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_with_header_v2", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool WithHeader(InteractionHandle interaction, Part part, string name, nuint index, string value);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_with_body", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool WithBody(InteractionHandle interaction, Part part, string contentType, string body);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_response_status")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool WithStatus(InteractionHandle interaction, ushort status);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_create_mock_server_for_transport", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StartMockServer(PactHandle pact, string address, ushort port, string transport, string? configuration);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_mock_server_mismatches")]
    public static partial IntPtr Mismatches(int port);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_mock_server_logs")]
    public static partial IntPtr MockServerLogs(int port);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_cleanup_mock_server")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool StopMockServer(int port);

    [LibraryImport(CoreLibrary.Name, EntryPoint = "pactffi_pact_handle_write_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int WriteFile(PactHandle pact, string directory, [MarshalAs(UnmanagedType.U1)] bool overwrite);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetEnvironment(string name, string value, int overwrite);
}

/// <summary>A pact being written, in the core's memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct PactHandle
{
    private readonly ushort _reference;
}

/// <summary>An interaction of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct InteractionHandle
{
    private readonly uint _reference;
}

/// <summary>Which half of an interaction.</summary>
internal enum Part
{
    Request = 0,
    Response = 1,
}
