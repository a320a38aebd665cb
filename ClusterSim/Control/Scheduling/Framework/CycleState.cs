using System.Collections.Immutable;

namespace ClusterSim.Scheduling.Framework;

/// <summary>
/// What the plugins keep while one pod is scheduled (<c>framework.CycleState</c>). Data is keyed by its type; a plugin writes each type once or
/// replaces it. Not thread-safe.
/// </summary>
internal sealed class CycleState
{
    // Searched in order: a cycle has a handful of entries, and plugins read them once per node.
    private readonly List<object> _data = [];

    /// <summary>The filter plugins that PreFilter did not skip.</summary>
    public ImmutableArray<IFilterPlugin> FilterPlugins { get; set; } = [];

    /// <summary>The score plugins that PreScore did not skip.</summary>
    public ImmutableArray<ScorePlugin> ScorePlugins { get; set; } = [];

    /// <summary>What pods that are nominated to the node under consideration request.</summary>
    public NominatedRequests Nominated { get; set; } = NominatedRequests.None;

    /// <summary>Stores data, replacing data of the same type.</summary>
    public void Write<T>(T data)
        where T : class
    {
        var index = _data.FindIndex(entry => entry is T);
        if (index < 0)
            _data.Add(data);
        else
            _data[index] = data;
    }

    /// <summary>Returns the data of this type.</summary>
    /// <exception cref="InvalidOperationException">There is none: the plugin's PreFilter or PreScore did not run.</exception>
    public T Read<T>()
        where T : class
        => Find<T>() ?? throw new InvalidOperationException($"the cycle state has no {typeof(T).Name}");

    /// <summary>Returns the data of this type, or null if there is none.</summary>
    public T? Find<T>()
        where T : class
    {
        foreach (var entry in _data)
            if (entry is T found)
                return found;
        return null;
    }

    /// <summary>Returns a copy, without nominated requests, whose entries can be replaced without changing this state.</summary>
    public CycleState Clone()
    {
        var clone = new CycleState { FilterPlugins = FilterPlugins, ScorePlugins = ScorePlugins };
        clone._data.AddRange(_data);
        return clone;
    }
}
