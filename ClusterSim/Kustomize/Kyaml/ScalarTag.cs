namespace ClusterSim.Kustomize.Kyaml;

/// <summary>The type of a scalar. Upstream keeps YAML's tags (<c>!!str</c>, <c>!!int</c>).</summary>
internal enum ScalarTag
{
    /// <summary>Not known: read from the text when the object is written, unless the scalar is quoted.</summary>
    None,

    /// <summary>A string.</summary>
    Str,

    /// <summary>An integer.</summary>
    Int,

    /// <summary>A floating-point number.</summary>
    Float,

    /// <summary>A boolean.</summary>
    Bool,

    /// <summary>A date or time, which becomes a string in RFC 3339.</summary>
    Timestamp,

    /// <summary>Null.</summary>
    Null,
}
