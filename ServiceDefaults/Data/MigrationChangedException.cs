namespace ServiceDefaults.Data;

/// <summary>A migration that the database has applied reads differently now. Nothing mends that but people: the process ends.</summary>
public sealed class MigrationChangedException(string name, string applied, string found) : Exception(
    $"migration {name}: found checksum {found[..12]}, but the database applied {applied[..Math.Min(12, applied.Length)]}; "
    + "an applied migration must not change, put the change into a new file")
{
    /// <summary>The migration's file.</summary>
    public string Name { get; } = name;
}
