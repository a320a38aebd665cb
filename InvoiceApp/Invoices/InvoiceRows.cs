using Npgsql;

namespace InvoiceApp.Invoices;

/// <summary>Rows of invoices as the database sends them; holds its connection until disposed.</summary>
internal sealed class InvoiceRows(NpgsqlConnection connection, NpgsqlCommand command, NpgsqlDataReader reader) : IAsyncDisposable
{
    /// <summary>The row's id. Columns are read in their order, each once.</summary>
    public string Id => reader.GetString(0);

    /// <summary>The row's value.</summary>
    public decimal Value => reader.GetDecimal(1);

    /// <summary>The row's currency.</summary>
    public string Currency => reader.GetString(2);

    /// <summary>Whether it is paid.</summary>
    public bool IsPaid => reader.GetBoolean(3);

    /// <summary>Goes to the next row, if there is one.</summary>
    public Task<bool> ReadAsync(CancellationToken cancellation) => reader.ReadAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await reader.DisposeAsync();
        await command.DisposeAsync();
        await connection.DisposeAsync();
    }
}
