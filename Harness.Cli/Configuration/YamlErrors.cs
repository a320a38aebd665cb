using System.Globalization;
using YamlDotNet.Core;

namespace Harness.Configuration;

/// <summary>The errors of a YAML file: all are reported at once, in the order of their lines.</summary>
internal sealed class YamlErrors(string file)
{
    private readonly List<(long Line, string Text)> _errors = [];

    /// <summary>The number of errors.</summary>
    public int Count => _errors.Count;

    /// <summary>Adds an error.</summary>
    public void Add(Mark at, string text) => _errors.Add((at.Line, text));

    /// <summary>All errors as lines.</summary>
    public override string ToString() => string.Join('\n', _errors.OrderBy(error => error.Line).Select(error => string.Create(CultureInfo.InvariantCulture, $"{file}:{error.Line}: {error.Text}")));
}
