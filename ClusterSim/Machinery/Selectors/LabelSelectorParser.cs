using System.Globalization;
using System.Text.RegularExpressions;

namespace ClusterSim.Machinery;

/// <summary>Reads a label selector's query syntax token by token, as apimachinery's <c>labels.Parser</c> does, with its words.</summary>
internal sealed partial class LabelSelectorParser
{
    private const int NameMax = 63;
    private const int PrefixMax = 253;
    private readonly List<string> _tokens = [];
    private int _at;

    /// <summary>A parser of this text.</summary>
    public LabelSelectorParser(string text) => Tokenise(text);

    private string Ahead => _at < _tokens.Count ? _tokens[_at] : "";

    /// <summary>Reads all requirements.</summary>
    /// <exception cref="FormatException">The text is no selector; the message says why.</exception>
    public List<SelectorRequirement> Read()
    {
        var requirements = new List<SelectorRequirement>();
        if (_tokens.Count == 0)
            return requirements;
        while (true)
        {
            if (Ahead != "!" && !IsWord(Ahead))
                throw new FormatException($"found '{Ahead}', expected: !, identifier, or 'end of string'");
            try
            {
                requirements.Add(Requirement());
            }
            catch (FormatException complaint)
            {
                throw new FormatException($"unable to parse requirement: {complaint.Message}", complaint);
            }
            var next = Next();
            if (next.Length == 0)
                return requirements;
            if (next != ",")
                throw new FormatException($"found '{next}', expected: ',' or 'end of string'");
            if (Ahead != "!" && !IsWord(Ahead))
                throw new FormatException($"found '{Ahead}', expected: identifier after ','");
        }
    }

    private SelectorRequirement Requirement()
    {
        var absent = Ahead == "!";
        if (absent)
            _at++;
        var key = Next();
        if (!IsWord(key))
            throw new FormatException($"found '{key}', expected: identifier");
        CheckKey(key);
        if (absent)
            return new(key, SelectorOperator.DoesNotExist, []);
        if (Ahead is "" or ",")
            return new(key, SelectorOperator.Exists, []);
        var sign = Next();
        switch (sign)
        {
            case "in" or "notin":
                var values = Values();
                foreach (var value in values)
                    CheckValue(key, value);
                return new(key, sign == "in" ? SelectorOperator.In : SelectorOperator.NotIn, LabelSelector.Sorted(values));
            case "=" or "==" or "!=":
                var only = ExactValue();
                CheckValue(key, only);
                return new(key, sign == "!=" ? SelectorOperator.NotIn : SelectorOperator.In, [only], sign);
            case ">" or "<":
                var bound = ExactValue();
                if (!long.TryParse(bound, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                    throw new FormatException($"values[0]: Invalid value: \"{bound}\": for 'Gt', 'Lt' operators, the value must be an integer");
                return new(key, sign == ">" ? SelectorOperator.GreaterThan : SelectorOperator.LessThan, [bound]);
            default:
                throw new FormatException($"found '{sign}', expected: in, notin, =, ==, !=, gt, lt");
        }
    }

    private string ExactValue()
    {
        if (Ahead is "" or ",")
            return "";
        var value = Next();
        return IsWord(value) ? value : throw new FormatException($"found '{value}', expected: identifier");
    }

    private List<string> Values()
    {
        var open = Next();
        if (open != "(")
            throw new FormatException($"found '{open}' expected: '('");
        var values = new List<string>();
        if (Ahead == ")")
        {
            _at++;
            return [""];
        }
        while (true)
        {
            if (IsWord(Ahead))
            {
                values.Add(Next());
                if (Ahead is not ("," or ")"))
                    throw new FormatException($"found '{Ahead}', expected: ',' or ')'");
            }
            else if (Ahead == ",")
            {
                if (values.Count == 0)
                    values.Add("");
                _at++;
                if (Ahead == ")")
                    values.Add("");
                else if (Ahead == ",")
                    values.Add("");
            }
            else if (Ahead == ")")
            {
                _at++;
                return values;
            }
            else
            {
                throw new FormatException($"found '{Ahead}', expected: ',', {(values.Count == 0 ? "')' or" : "or")} identifier");
            }
        }
    }

    private string Next() => _at < _tokens.Count ? _tokens[_at++] : "";

    private static bool IsWord(string token) => token.Length > 0 && !IsSpecial(token[0]);

    private static bool IsSpecial(char letter) => letter is '=' or '!' or '(' or ')' or ',' or '>' or '<';

    private void Tokenise(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (text[at] is ' ' or '\t' or '\r' or '\n')
            {
                at++;
                continue;
            }
            var start = at;
            if (!IsSpecial(text[at]))
            {
                while (at < text.Length && !IsSpecial(text[at]) && text[at] is not (' ' or '\t' or '\r' or '\n'))
                    at++;
            }
            else
            {
                at++;
                if (at < text.Length && text[at] == '=' && text[start] is '=' or '!')
                    at += at < text.Length && text[at] == '=' ? 1 : 0;
            }
            _tokens.Add(text[start..at]);
        }
    }

    private static void CheckKey(string key)
    {
        var parts = key.Split('/');
        string? complaint = null;
        var name = parts[^1];
        if (parts.Length > 2)
        {
            complaint = "a qualified name " + NameRule("MyName", "my.name", "123-abc") + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
        }
        else
        {
            if (parts.Length == 2)
            {
                if (parts[0].Length == 0)
                    complaint = "prefix part must be non-empty";
                else if (parts[0].Length > PrefixMax)
                    complaint = $"prefix part must be no more than {PrefixMax} bytes";
                else if (!Subdomain().IsMatch(parts[0]))
                    complaint = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
            }
            if (name.Length == 0)
                complaint = "name part must be non-empty; name part " + NameRule("MyName", "my.name", "123-abc");
            else if (name.Length > NameMax)
                complaint ??= $"name part must be no more than {NameMax} bytes";
            else if (!Name().IsMatch(name))
                complaint ??= "name part " + NameRule("MyName", "my.name", "123-abc");
        }
        if (complaint is not null)
            throw new FormatException($"<nil>: Invalid value: \"{key}\": {complaint}");
    }

    private static void CheckValue(string key, string value)
    {
        if (value.Length > NameMax)
            throw new FormatException($"values[0][{key}]: Invalid value: \"{value}\": must be no more than {NameMax} bytes");
        if (value.Length > 0 && !Name().IsMatch(value))
            throw new FormatException($"values[0][{key}]: Invalid value: \"{value}\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
    }

    private static string NameRule(string a, string b, string c) =>
        $"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. '{a}',  or '{b}',  or '{c}', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();
}
