namespace ClusterSim.Kustomize.Kyaml;

/// <summary>The order in which goyaml writes keys (<c>keyList.Less</c>): numbers in names by their value, letters after other characters.</summary>
internal sealed class KeyOrder : IComparer<string>
{
    public static readonly KeyOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        var (first, second) = (x ?? "", y ?? "");
        var afterDigit = false;
        for (var i = 0; i < first.Length && i < second.Length; i++)
        {
            var (a, b) = (first[i], second[i]);
            if (a == b)
            {
                afterDigit = char.IsDigit(a);
                continue;
            }
            if (char.IsLetter(a) && char.IsLetter(b))
                return a.CompareTo(b);
            if (char.IsLetter(a) || char.IsLetter(b))
                return char.IsLetter(a) == afterDigit ? -1 : 1;
            // Zeros in the middle of a number are digits like others; at its start they do not count.
            long start = (a == '0' || b == '0') && HasDigitOtherThanZero(first, i) ? 1 : 0;
            var (firstNumber, firstEnd) = Number(first, i, start);
            var (secondNumber, secondEnd) = Number(second, i, start);
            if (firstNumber != secondNumber)
                return firstNumber.CompareTo(secondNumber);
            return firstEnd != secondEnd ? firstEnd.CompareTo(secondEnd) : a.CompareTo(b);
        }
        return first.Length.CompareTo(second.Length);
    }

    private static bool HasDigitOtherThanZero(string text, int end)
    {
        for (var i = end - 1; i >= 0 && char.IsDigit(text[i]); i--)
            if (text[i] != '0')
                return true;
        return false;
    }

    private static (long Number, int End) Number(string text, int at, long number)
    {
        while (at < text.Length && char.IsDigit(text[at]))
            number = unchecked((number * 10) + (text[at++] - '0'));
        return (number, at);
    }
}
