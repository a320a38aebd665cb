using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ServiceDefaults.Money;

namespace ServiceDefaults.Tests;

[TestFixture]
public sealed class AmountTests
{
    [TestCase("0", "0")]
    [TestCase("-0.000e7", "0")]
    [TestCase("12.15", "12.15")]
    [TestCase("12.1500", "12.15")]
    [TestCase("1e2", "100")]
    [TestCase("1.0001E+0", "1.0001")]
    [TestCase("12345e-2", "123.45")]
    [TestCase("-3.5", "-3.5")]
    [TestCase("999999999999999.9999", "999999999999999.9999")]
    [TestCase("0.00000000000000000000000000000000000000000000000000", "0")]
    [TestCase("1000000000000000000000000000000000000000000e-42", "1")]
    public void A_number_is_read_exactly(string number, string value)
    {
        Assert.That(Amount.Read(Encoding.ASCII.GetBytes(number), out var read), Is.Null);
        Assert.That(read, Is.EqualTo(decimal.Parse(value, CultureInfo.InvariantCulture)));
    }

    [TestCase("0.00001", "has more than 4 decimals")]
    [TestCase("1.00000000000000000000000000000000000000001", "has more than 4 decimals")]
    [TestCase("1e-99999999999999999999", "has more than 4 decimals")]
    [TestCase("1000000000000000", "has more than 15 digits before the point")]
    [TestCase("1e99999999999999999999", "has more than 15 digits before the point")]
    public void A_number_that_does_not_fit_is_refused_and_not_rounded(string number, string fault) =>
        Assert.That(Amount.Read(Encoding.ASCII.GetBytes(number), out _), Is.EqualTo(fault));

    [Test]
    public void However_a_number_is_written_it_is_the_same_number()
    {
        var numbers = from units in Gen.Choose(-int.MaxValue, int.MaxValue)
                      from scale in Gen.Choose(0, 4)
                      from zeros in Gen.Choose(0, 40)
                      from point in Gen.Choose(0, 40)
                      select (units, scale, zeros, point);
        Prop.ForAll(numbers.ToArbitrary(), number =>
        {
            // units × 10^-scale, with zeros appended and the point moved, and an exponent that makes up for both.
            var (units, scale, zeros, point) = number;
            var digits = Math.Abs((long)units).ToString(CultureInfo.InvariantCulture).PadLeft(point + 1, '0') + new string('0', zeros);
            var text = $"{(units < 0 ? "-" : "")}{digits[..^point]}{(point > 0 ? "." : "")}{digits[^point..]}e{point - zeros - scale}";

            return Amount.Read(Encoding.ASCII.GetBytes(text), out var value) is null && value == new decimal(Math.Abs(units), 0, 0, units < 0, (byte)scale);
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public void The_currencies_are_those_of_the_standard_with_its_decimals()
    {
        Assert.That(Currencies.Codes, Has.All.Matches("^[A-Z]{3}$"));
        Assert.That(Decimals("EUR", "GBP", "DKK", "JPY", "ISK", "KWD", "TND", "CLF", "UYW"), Is.EqualTo(new[] { 2, 2, 2, 0, 0, 3, 3, 4, 4 }));
        foreach (var gone in new[] { "DEM", "HRK", "BGN", "XAU", "XXX", "XTS", "SLL", "ZWL", "eur", "" })
            Assert.That(Currencies.TryGetDecimals(gone, out _), Is.False, gone);

        static int[] Decimals(params string[] codes) => [.. codes.Select(code => Currencies.TryGetDecimals(code, out var decimals) ? decimals : -1)];
    }
}
