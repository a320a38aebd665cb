using System.Numerics;
using ClusterSim.Machinery;
using FsCheck;
using FsCheck.Fluent;

namespace ClusterSim.Tests.Schema;

public class QuantityTests
{
    [TestCase("0.5", "500m")]
    [TestCase("500m", "500m")]
    [TestCase("1000m", "1")]
    [TestCase("128Mi", "128Mi")]
    [TestCase("1024Mi", "1Gi")]
    [TestCase("2048Ki", "2Mi")]
    [TestCase("1.5Gi", "1536Mi")]
    [TestCase("0.5Ki", "512")]
    [TestCase("1e3", "1e3")]
    [TestCase("12E", "12E")]
    [TestCase("1E6", "1E6")]
    [TestCase("1000", "1k")]
    [TestCase("1.500", "1.500")]
    [TestCase("0", "0")]
    [TestCase("0Mi", "0")]
    [TestCase("-5Mi", "-5Mi")]
    [TestCase("1.0000000001", "1000000001n")]
    [TestCase("0.1n", "1n")]
    [TestCase("10000000", "10M")]
    public void A_quantity_reads_as_Kubernetes_writes_it(string sent, string written)
    {
        Assert.That(Quantity.TryCanonicalise(sent, out var canonical, out var complaint), Is.True, complaint);
        Assert.That(canonical, Is.EqualTo(written));
    }

    [TestCase("lots", Quantity.Malformed)]
    [TestCase("", Quantity.Malformed)]
    [TestCase("1 Gi", Quantity.Malformed)]
    [TestCase("1.2.3", Quantity.Malformed)]
    [TestCase("1mi", "unable to parse quantity's suffix")]
    [TestCase("1Kii", "unable to parse quantity's suffix")]
    public void What_is_no_quantity_is_refused_in_its_words(string sent, string words)
    {
        Assert.That(Quantity.TryCanonicalise(sent, out _, out var complaint), Is.False);
        Assert.That(complaint, Is.EqualTo(words));
    }

    [Test]
    public void Canonical_text_reads_back_as_the_same_amount() => Prop.ForAll(Amounts(), amount =>
    {
        var back = Quantity.Parse(amount.ToString());
        // A binary quantity that no power of 1024 divides is written without suffix, and read as a decimal one.
        return back.CompareTo(amount) == 0 && (amount.Format == QuantityFormat.BinarySI || back.ToString() == amount.ToString());
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Adding_and_taking_away_comes_back() => Prop.ForAll(Amounts(), Amounts(), (a, b) =>
        (a + b - b).CompareTo(a) == 0 && (a + b).CompareTo(b + a) == 0 && (a - b).Sign == a.CompareTo(b)).QuickCheckThrowOnFailure();

    [Test]
    public void Whole_values_round_up() => Prop.ForAll(Amounts(), amount =>
        amount.Value * (BigInteger)1_000_000_000 >= amount.Nanos && (amount.Value - 1) * (BigInteger)1_000_000_000 < amount.Nanos).QuickCheckThrowOnFailure();

    private static Arbitrary<Quantity> Amounts() => (
        from digits in Gen.Choose(-1_000_000, 1_000_000)
        from scale in Gen.Elements(1L, 1_000, 1_000_000, 1_000_000_000, 1_000_000_000_000, 1024L * 1_000_000_000, 1024L * 1024 * 1_000_000_000)
        from format in Gen.Elements(QuantityFormat.DecimalSI, QuantityFormat.BinarySI, QuantityFormat.DecimalExponent)
        select new Quantity((BigInteger)digits * scale, format)).ToArbitrary();
}
