using System.Buffers.Binary;
using System.Text;

namespace ClusterSim.Postgres;

/// <summary>
/// The first message of a PostgreSQL connection (PostgreSQL documentation, "Message Formats": StartupMessage, SSLRequest, GSSENCRequest,
/// CancelRequest): a length, a code, and for a start-up pairs of strings.
/// </summary>
internal sealed class PostgresStartup
{
    private const int SslRequest = 80877103;
    private const int GssRequest = 80877104;
    private const int CancelRequest = 80877102;

    // PostgreSQL's own limit (MAX_STARTUP_PACKET_LENGTH).
    private const int LengthMax = 10_000;

    private readonly byte[] _message;

    private PostgresStartup(byte[] message) => _message = message;

    /// <summary>Whether it asks for encryption, which is answered with one letter, after which another first message comes.</summary>
    public bool AsksForEncryption => Code is SslRequest or GssRequest;

    /// <summary>Whether it only wants another connection's query cancelled.</summary>
    public bool IsCancel => Code == CancelRequest;

    /// <summary>The message as it came.</summary>
    public ReadOnlyMemory<byte> Message => _message;

    /// <summary>The user it names; empty where it names none.</summary>
    public string User => Parameters.FirstOrDefault(parameter => parameter.Name == "user").Value ?? "";

    /// <summary>The database it names; the user's name where it names none, as PostgreSQL has it.</summary>
    public string Database => Parameters.FirstOrDefault(parameter => parameter.Name == "database").Value ?? User;

    private int Code => BinaryPrimitives.ReadInt32BigEndian(_message.AsSpan(4));

    private IEnumerable<(string Name, string Value)> Parameters
    {
        get
        {
            var texts = Encoding.UTF8.GetString(_message.AsSpan(8)).Split('\0');
            for (var i = 0; i + 1 < texts.Length && texts[i].Length > 0; i += 2)
                yield return (texts[i], texts[i + 1]);
        }
    }

    /// <summary>Reads a first message; null where the client went without one.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static async ValueTask<PostgresStartup?> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var head = new byte[4];
        if (await stream.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, cancellation) < 4)
            return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 8 or > LengthMax)
            throw new InvalidDataException($"invalid length of startup packet: {length}");
        var message = new byte[length];
        head.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(4), cancellation);
        return new PostgresStartup(message);
    }

    /// <summary>The same start-up for another user and database.</summary>
    public byte[] For(string user, string database)
    {
        using var made = new MemoryStream();
        made.Write(_message.AsSpan(0, 8));
        foreach (var (name, value) in Parameters.Where(parameter => parameter.Name is not ("user" or "database")).Append(("user", user)).Append(("database", database)))
        {
            made.Write(Encoding.UTF8.GetBytes(name));
            made.WriteByte(0);
            made.Write(Encoding.UTF8.GetBytes(value));
            made.WriteByte(0);
        }
        made.WriteByte(0);
        var message = made.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        return message;
    }

    /// <summary>An ErrorResponse of severity FATAL.</summary>
    public static byte[] Fatal(string code, string text)
    {
        var fields = Encoding.UTF8.GetBytes($"SFATAL\0VFATAL\0C{code}\0M{text}\0\0");
        var message = new byte[fields.Length + 5];
        message[0] = (byte)'E';
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), fields.Length + 4);
        fields.CopyTo(message, 5);
        return message;
    }
}
