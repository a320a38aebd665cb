namespace ClusterSim.Schema;

/// <summary>What to do with a field the schema does not know.</summary>
internal enum FieldValidation
{
    /// <summary>Drop it silently.</summary>
    Ignore,

    /// <summary>Drop it with a warning: the API's default.</summary>
    Warn,

    /// <summary>Refuse: kubectl's default.</summary>
    Strict,
}
