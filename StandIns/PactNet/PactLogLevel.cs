namespace PactNet;

/// <summary>How much the core says; the first level asked for in a process stays.</summary>
public enum PactLogLevel
{
    /// <summary>All of it.</summary>
    Trace,

    /// <summary>Steps.</summary>
    Debug,

    /// <summary>What happens.</summary>
    Information,

    /// <summary>What may be wrong.</summary>
    Warn,

    /// <summary>What is wrong.</summary>
    Error,

    /// <summary>Nothing.</summary>
    None,
}
