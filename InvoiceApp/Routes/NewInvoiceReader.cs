using System.Buffers;
using System.Text;
using System.Text.Json;
using InvoiceApp.Invoices;
using ServiceDefaults.Money;

namespace InvoiceApp.Routes;

/// <summary>Something wrong with an invoice to be kept.</summary>
/// <param name="Index">Its place in the array, from 0; <see langword="null"/> where it is the only one, or the body as a whole is at fault.</param>
/// <param name="Field">The field at fault, where it is one.</param>
/// <param name="Fault">What is wrong, and what would be right.</param>
internal readonly record struct InvoiceFault(int? Index, string? Field, string Fault);

/// <summary>Reads <c>{"InvoiceId","Value","Currency"}</c>, or an array of these. Every fault is found, not only the first.</summary>
internal static class NewInvoiceReader
{
    /// <summary>The longest id.</summary>
    public const int IdLengthMax = 100;

    private const int FaultsMax = 100;
    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    /// <summary>What was asked to be kept.</summary>
    /// <param name="Invoices">The invoices; to be used only where there are no faults.</param>
    /// <param name="IsArray">Whether they came as an array.</param>
    /// <param name="Faults">What is wrong, at most a hundred.</param>
    internal sealed record Result(IReadOnlyList<NewInvoice> Invoices, bool IsArray, IReadOnlyList<InvoiceFault> Faults);

    /// <summary>Reads a body, whatever its content type says.</summary>
    public static Result Read(ReadOnlySequence<byte> body)
    {
        var invoices = new List<NewInvoice>();
        var faults = new List<InvoiceFault>();
        var isArray = false;
        try
        {
            using var document = JsonDocument.Parse(body);
            isArray = document.RootElement.ValueKind == JsonValueKind.Array;
            if (!isArray)
            {
                Read(document.RootElement, null, invoices, faults);
            }
            else
            {
                var index = 0;
                foreach (var element in document.RootElement.EnumerateArray())
                {
                    Read(element, index++, invoices, faults);
                    if (faults.Count >= FaultsMax)
                        break;
                }

                if (index == 0)
                    faults.Add(new(null, null, "the array is empty, should hold at least one invoice"));
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text that is not UTF-8, or half of a surrogate pair.
            faults.Add(new(null, null, $"the body is not JSON, should be an invoice such as {{\"InvoiceId\":\"I1\",\"Value\":12.15,\"Currency\":\"EUR\"}} or an array of these: {fault.Message}"));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < invoices.Count && faults.Count < FaultsMax; i++)
        {
            if (!seen.Add(invoices[i].Id))
                faults.Add(new(isArray ? i : null, "InvoiceId", $"'{invoices[i].Id}' is in the array more than once"));
        }

        return new Result(invoices, isArray, faults);
    }

    private static void Read(JsonElement element, int? index, List<NewInvoice> invoices, List<InvoiceFault> faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new(index, null, $"found {Kind(element)}, should be an object with InvoiceId, Value and Currency"));
            return;
        }

        var before = faults.Count;
        string? id = null, currency = null;
        decimal? value = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (!seen.Add(property.Name))
            {
                Fault(property.Name, "is there more than once");
                continue;
            }

            switch (property.Name)
            {
                case "InvoiceId":
                    id = Text(property);
                    break;
                case "Currency":
                    currency = Text(property);
                    break;
                case "Value" when property.Value.ValueKind == JsonValueKind.Number:
                    if (Amount.Read(Encoding.UTF8.GetBytes(property.Value.GetRawText()), out var exact) is { } wrong)
                        Fault("Value", $"{Shown(property.Value.GetRawText())} {wrong}");
                    else
                        value = exact;
                    break;
                case "Value":
                    Fault("Value", $"found {Kind(property.Value)}, should be a number such as 12.15");
                    break;
                case "IsPaid" when property.Value.ValueKind == JsonValueKind.False:
                    break;
                case "IsPaid":
                    Fault("IsPaid", $"found {Kind(property.Value)}, should be absent or false: an invoice is paid by paying it");
                    break;
                default:
                    Fault(Shown(property.Name), "is no field of an invoice, should be one of InvoiceId, Value, Currency");
                    break;
            }
        }

        foreach (var name in (ReadOnlySpan<string>)["InvoiceId", "Value", "Currency"])
        {
            if (!seen.Contains(name))
                Fault(name, "is missing");
        }

        if (id is not null && (id.Length is 0 or > IdLengthMax || !char.IsAsciiLetterOrDigit(id[0]) || id.AsSpan().ContainsAnyExcept(IdCharacters)))
            Fault("InvoiceId", $"found '{Shown(id)}', should be 1 to {IdLengthMax} letters, digits, and . _ : - after the first");
        if (value is { } amount && Amount.ValueFault(amount, currency ?? "") is { } wrongValue)
            Fault("Value", wrongValue);
        if (currency is not null && Amount.CurrencyFault(Shown(currency)) is { } wrongCurrency)
            Fault("Currency", wrongCurrency);
        if (faults.Count == before)
            invoices.Add(new NewInvoice(id!, Amount.InDecimalsOf(currency!, value!.Value), currency!));

        string? Text(JsonProperty property)
        {
            if (property.Value.ValueKind == JsonValueKind.String)
                return property.Value.GetString();
            Fault(property.Name, $"found {Kind(property.Value)}, should be a text");
            return null;
        }

        void Fault(string field, string fault) => faults.Add(new(index, field, fault));
    }

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => element.GetRawText(),
    };

    private static string Shown(string text)
    {
        var one = string.Concat(text.Select(character => char.IsControl(character) ? '?' : character));
        return one.Length > 50 ? one[..50] + "…" : one;
    }
}
