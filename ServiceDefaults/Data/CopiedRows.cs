using System.Buffers;
using System.Buffers.Binary;
using Npgsql;

namespace ServiceDefaults.Data;

/// <summary>
/// A query's rows as PostgreSQL sends them with COPY … (FORMAT binary): bytes, of which none becomes an object. In memory is one row and what
/// came with it. Holds its connection until disposed.
/// </summary>
public sealed class CopiedRows : IAsyncDisposable
{
    // PGCOPY\n\377\r\n\0, four bytes of flags, the length of an extension that no version has.
    private const int HeaderBytes = 19;
    private const int FieldsMax = 16;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlRawCopyStream _stream;
    private readonly (int Start, int Length)[] _fields = new (int, int)[FieldsMax];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
    private int _start;
    private int _end;
    private bool _headerRead;
    private bool _ended;

    private CopiedRows(NpgsqlConnection connection, NpgsqlRawCopyStream stream) => (_connection, _stream) = (connection, stream);

    /// <summary>How many bytes the row has, lengths included: what is made of it has room in a small multiple of that.</summary>
    public int RowBytes { get; private set; }

    /// <summary>Starts a query. COPY takes no parameters: literals are for <see cref="Literal"/> to quote.</summary>
    public static Task<CopiedRows> OpenAsync(NpgsqlDataSource database, string query, CancellationToken cancellation) =>
        LostConnections.OnLivingConnectionAsync(async cancellation => await OpenOnceAsync(database, query, cancellation), cancellation);

    private static async Task<CopiedRows> OpenOnceAsync(NpgsqlDataSource database, string query, CancellationToken cancellation)
    {
        var connection = await database.OpenConnectionAsync(cancellation);
        try
        {
            return new CopiedRows(connection, await connection.BeginRawBinaryCopyAsync($"COPY ({query}) TO STDOUT (FORMAT binary)", cancellation));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>A text as a literal of SQL (standard_conforming_strings, which PostgreSQL has on since 9.1).</summary>
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A field of the row, as its type's binary format has it; empty where it is NULL.</summary>
    public ReadOnlySpan<byte> Field(int number) => _buffer.AsSpan(_fields[number].Start, _fields[number].Length);

    /// <summary>Goes to the next row, if there is one.</summary>
    public async ValueTask<bool> NextAsync(CancellationToken cancellation)
    {
        while (!_ended && !TakeRow())
        {
            if (_end == _buffer.Length)
                MakeRoom();
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
                throw new InvalidDataException("PostgreSQL ended the rows without their trailer");
            _end += read;
        }
        return !_ended;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // Or the rest of the rows would have to be read.
            if (!_ended)
                await _stream.CancelAsync();
        }
        catch (Exception fault) when (fault is NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            // Cancelled, as asked; or the connection is gone anyway.
        }
        try
        {
            await _stream.DisposeAsync();
        }
        catch (Exception fault) when (fault is NpgsqlException or OperationCanceledException)
        {
            // As above.
        }
        await _connection.DisposeAsync();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool TakeRow()
    {
        var at = _start;
        if (!_headerRead)
        {
            if (_end - at < HeaderBytes)
                return false;
            at += HeaderBytes;
        }
        var row = at;
        if (_end - at < 2)
            return false;
        var count = BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(at));
        at += 2;
        if (count < 0)
        {
            _ended = true;
            return true;
        }
        for (var field = 0; field < count; field++)
        {
            if (_end - at < 4)
                return false;
            var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(at));
            at += 4;
            var bytes = Math.Max(0, length);
            if (_end - at < bytes)
                return false;
            _fields[field] = (at, bytes);
            at += bytes;
        }
        _headerRead = true;
        _start = at;
        RowBytes = at - row;
        return true;
    }

    private void MakeRoom()
    {
        var left = _end - _start;
        if (_start == 0)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, left).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, left).CopyTo(_buffer);
        }
        (_start, _end) = (0, left);
    }
}
