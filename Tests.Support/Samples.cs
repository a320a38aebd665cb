using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Tests.Support;

/// <summary>
/// How much property tests try. Without settings it is a fixed sample, the same in each run. <c>TEST_SAMPLES=20</c> tries twenty times as much, and
/// <c>TEST_SEED</c> starts elsewhere. <c>make long</c> sets both.
/// </summary>
public static class Samples
{
    /// <summary>The category of the tests that these settings change.</summary>
    public const string Category = "Samples";

    private static readonly int Times = Setting("TEST_SAMPLES", 1);

    /// <summary>The seed that samples are generated from.</summary>
    public static int Seed { get; } = Setting("TEST_SEED", 1);

    /// <summary>The number of samples to try; prints it, with the settings that repeat the run.</summary>
    /// <param name="count">The number in the fixed sample.</param>
    public static int Count(int count)
    {
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count * Times} samples from seed {Seed}: TEST_SAMPLES={Times} TEST_SEED={Seed}"));
        return count * Times;
    }

    /// <summary>The seeds of as many samples.</summary>
    public static IEnumerable<int> Seeds(int count) => Enumerable.Range(Seed, Count(count));

    /// <summary>A configuration of FsCheck that tries as many samples, and throws where one fails.</summary>
    public static Config Config(int count) => FsCheck.Config.QuickThrowOnFailure.WithMaxTest(Count(count)).WithReplay((ulong)Seed, 1UL);

    private static int Setting(string name, int otherwise)
    {
        var text = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrEmpty(text))
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1_000_000
            ? number
            : throw new ArgumentException($"{name} is '{text}', should be a number from 1 to 999999");
    }
}
