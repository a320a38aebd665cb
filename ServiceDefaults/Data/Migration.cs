using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace ServiceDefaults.Data;

/// <summary>One step of a schema's history: a plain SQL file, applied once and never changed afterwards.</summary>
/// <param name="Name">The file's name, such as <c>001_ledger.sql</c>; the order of names is the order of application.</param>
/// <param name="Sql">Its statements. They run in a transaction: no <c>CREATE INDEX CONCURRENTLY</c>.</param>
public sealed record Migration(string Name, string Sql)
{
    private const string Prefix = "Migrations/";

    /// <summary>SHA-256 of the text, line ends made equal, in hexadecimal.</summary>
    public string Checksum { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>
    /// The migrations embedded in <paramref name="assembly"/>, in order. Its project holds
    /// <c>&lt;EmbeddedResource Include="Migrations/*.sql" LogicalName="Migrations/%(Filename)%(Extension)" /&gt;</c>.
    /// </summary>
    public static IReadOnlyList<Migration> EmbeddedIn(Assembly assembly) =>
    [
        .. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
                return new Migration(name[Prefix.Length..], reader.ReadToEnd());
            }),
    ];
}
