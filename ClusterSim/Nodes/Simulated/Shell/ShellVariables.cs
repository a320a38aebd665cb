using System.Collections;
using System.Diagnostics.CodeAnalysis;
using ClusterSim.Nodes.Cgroups;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>
/// The variables of one shell process; every one counts as exported. A value is shared by the processes that were forked since it was set, and charged
/// once, until the last of them has dropped it.
/// </summary>
internal sealed class ShellVariables : IReadOnlyDictionary<string, string>, IDisposable
{
    private readonly Dictionary<string, Value> _values;
    private readonly ProcessMemory _memory;

    /// <summary>The variables that a process starts with.</summary>
    public ShellVariables(IReadOnlyDictionary<string, string> variables, ProcessMemory memory)
    {
        _memory = memory;
        _values = new(variables.Count, StringComparer.Ordinal);
        foreach (var (name, value) in variables)
            this[name] = value;
    }

    private ShellVariables(ShellVariables parent, ProcessMemory memory)
    {
        _memory = memory;
        memory.Charge((long)ShellLimits.VariableBytes * parent.Count);
        _values = new(parent._values, StringComparer.Ordinal);
        TextLength = parent.TextLength;
        foreach (var (_, value) in _values)
            value.Share();
    }

    /// <summary>The length of all names and values.</summary>
    public long TextLength { get; private set; }

    /// <inheritdoc/>
    public int Count => _values.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _values.Keys;

    /// <inheritdoc/>
    public IEnumerable<string> Values => _values.Values.Select(value => value.Text);

    /// <summary>The value of a variable. Setting it charges its content before the old one is given back.</summary>
    public string this[string key]
    {
        get => _values[key].Text;
        set
        {
            var added = new Value(value, _memory.Cgroup);
            if (_values.TryGetValue(key, out var before))
            {
                TextLength -= before.Text.Length;
                before.Drop();
            }
            else
            {
                _memory.Charge(ShellLimits.VariableBytes + key.Length);
                TextLength += key.Length;
            }
            TextLength += value.Length;
            _values[key] = added;
        }
    }

    /// <summary>The variables of a process that is forked from this one.</summary>
    public ShellVariables Fork(ProcessMemory memory) => new(this, memory);

    /// <summary>Removes a variable.</summary>
    public void Remove(string name)
    {
        if (!_values.Remove(name, out var value))
            return;
        TextLength -= name.Length + value.Text.Length;
        value.Drop();
        _memory.Uncharge(ShellLimits.VariableBytes + name.Length);
    }

    /// <summary>A copy, for a program that runs beside the shell or with other variables.</summary>
    public Dictionary<string, string> ToDictionary()
    {
        var copy = new Dictionary<string, string>(_values.Count, StringComparer.Ordinal);
        foreach (var (name, value) in _values)
            copy.Add(name, value.Text);
        return copy;
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        value = _values.TryGetValue(key, out var found) ? found.Text : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _values.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Text)).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, value) in _values)
            value.Drop();
        _values.Clear();
    }

    private sealed class Value
    {
        private readonly MemoryCgroup? _cgroup;
        private int _holders = 1;

        public Value(string text, MemoryCgroup? cgroup)
        {
            cgroup?.Charge(text.Length);
            (Text, _cgroup) = (text, cgroup);
        }

        public string Text { get; }

        public void Share() => Interlocked.Increment(ref _holders);

        public void Drop()
        {
            if (Interlocked.Decrement(ref _holders) == 0)
                _cgroup?.Uncharge(Text.Length);
        }
    }
}
