using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PactNet.Exceptions;

namespace PactNet.Core;

/// <summary>What calls into the core have in common.</summary>
internal static class CoreCalls
{
    /// <summary>Starts the core's log, once for the process: later levels change nothing, as in the package.</summary>
    public static void Start(PactLogLevel level)
    {
        CoreLibrary.Require();
        _ = CoreFunctions.LogToBuffer(level switch
        {
            PactLogLevel.None => 0,
            PactLogLevel.Error => 1,
            PactLogLevel.Warn => 2,
            PactLogLevel.Information => 3,
            PactLogLevel.Debug => 4,
            PactLogLevel.Trace => 5,
            _ => throw new ArgumentOutOfRangeException(nameof(level), level, "no such log level"),
        });
    }

    /// <summary>Complains where the core answered that it did not do what it was told.</summary>
    /// <exception cref="PactFailureException">It did not.</exception>
    public static void Check(bool done, [CallerArgumentExpression(nameof(done))] string call = "")
    {
        if (!done)
            throw new PactFailureException($"Pact's core refused: {call}; an interaction cannot be changed once its mock server has started");
    }

    /// <summary>A text that stays the core's.</summary>
    public static string? Borrowed(IntPtr text) => Marshal.PtrToStringUTF8(text);

    /// <summary>A text that is ours, and freed.</summary>
    public static string? Owned(IntPtr text)
    {
        try
        {
            return Marshal.PtrToStringUTF8(text);
        }
        finally
        {
            CoreFunctions.FreeString(text);
        }
    }
}
