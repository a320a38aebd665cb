using System.Security.Cryptography;

namespace ClusterSim.Machinery;

/// <summary>
/// The cluster's dice: uids, name suffixes, jitter. Seeded, so that a seed gives the same names in the same order of asking.
/// Keys and tokens never come from here.
/// </summary>
internal sealed class Randomness
{
    // The alphabet of k8s.io/apimachinery/pkg/util/rand: no vowels, nothing that reads as another.
    private const string SuffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    private readonly Lock _lock = new();
    private readonly Random _random;

    /// <summary>Dice that give the sequence of <paramref name="seed"/>.</summary>
    public Randomness(int seed)
    {
        Seed = seed;
#pragma warning disable RS0030 // the one place where chance is made
        _random = new Random(seed);
#pragma warning restore RS0030
    }

    /// <summary>The seed; print it with a failure.</summary>
    public int Seed { get; }

    /// <summary>Dice with a seed of their own.</summary>
    public static Randomness Fresh() => new(RandomNumberGenerator.GetInt32(int.MaxValue));

    /// <summary>A number from 0 up to but without <paramref name="below"/>.</summary>
    public int Next(int below)
    {
        lock (_lock)
            return _random.Next(below);
    }

    /// <summary>A number from 0 up to but without 1.</summary>
    public double NextDouble()
    {
        lock (_lock)
            return _random.NextDouble();
    }

    /// <summary>A version 4 UUID.</summary>
    public string NextUid()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_lock)
            _random.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }

    /// <summary>A name's suffix as Kubernetes generates them.</summary>
    public string NextSuffix(int length = 5)
    {
        Span<char> suffix = stackalloc char[length];
        lock (_lock)
            foreach (ref var letter in suffix)
                letter = SuffixAlphabet[_random.Next(SuffixAlphabet.Length)];
        return suffix.ToString();
    }
}
